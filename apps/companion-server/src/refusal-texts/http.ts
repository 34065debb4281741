/** What is wrong with a call itself. */
export const httpTexts = {
  'LOGIN-REFUSED': {
    what: 'Invalid credentials',
    why: 'The client id is unknown, the secret is wrong, or too many tries failed; it is never said which.',
    do: 'Check clientId and clientSecret. After many tries wait some minutes. A lost secret is replaced by a new identity.',
  },
  'ACCESS-REFUSED': {
    what: 'Not logged in, or the token has expired',
    why: 'The header Authorization holds no access token that is good now.',
    do: 'Log in at /api/v1/auth/universal-auth/login and send “Authorization: Bearer <accessToken>”.',
  },
  'ROLE-REFUSED': {
    what: 'You are not allowed to do this',
    why: 'The identity’s role does not include it.',
    do: 'Use an identity of the role that does, or ask the operator of this server.',
  },
  'OBJECT-ABSENT': {
    what: 'It was not found',
    why: 'It does not exist, or this identity does not see it; it is never said which.',
    do: 'Check its id or name, and that the identity belongs to its project.',
  },
  'ROUTE-ABSENT': {
    what: 'There is no such route',
    why: 'Method and path are none that this server answers.',
    do: 'Check the method, the path and the server’s version.',
  },
  'REQUEST-FIELDS': {
    what: 'The request does not fit',
    why: 'A field is missing, unknown, too long or of another form; issues names it.',
    do: 'Correct the field that is named and send it again.',
  },
  'BODY-NOT-JSON': {
    what: 'The body is not JSON',
    why: 'It cannot be parsed, or has a name that is never taken.',
    do: 'Send one JSON document in UTF-8.',
  },
  'BODY-KIND': {
    what: 'The body is of a kind that this route does not take',
    why: 'Its Content-Type is another one.',
    do: 'Send application/json; a bundle as application/zip, a ciphertext as application/octet-stream.',
  },
  'BODY-TOO-LONG': {
    what: 'The body or a field is longer than this route takes',
    why: 'Lengths are bounded before anything is read.',
    do: 'Send less at a time: at most 1 MiB of plaintext or additional data.',
  },
  'CALL-UNREADABLE': {
    what: 'The request could not be read',
    why: 'Its path, headers or body are malformed.',
    do: 'Check its path, headers and body.',
  },
} as const
