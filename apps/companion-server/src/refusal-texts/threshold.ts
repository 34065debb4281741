/** Ciphertexts, requests and answers of threshold keys. */
export const thresholdTexts = {
  'CIPHERTEXT-DAMAGED': {
    what: 'A ciphertext that was uploaded is not there as it was',
    why: 'Its file in the server’s folder is missing or was changed.',
    do: 'Put the file back from a backup, or upload the same ciphertext again.',
  },
  'CIPHERTEXT-DIGEST': {
    what: 'Other bytes arrived than the path names',
    why: 'The upload was changed on its way, or the path is of another file.',
    do: 'Compute the file’s SHA-256 again and send both once more.',
  },
  'CIPHERTEXT-TOO-LARGE': {
    what: 'The ciphertext is too large',
    why: 'One file has at most 34 MiB, which holds a squashed value of 2048 bits.',
    do: 'Split the values over several ciphertexts.',
  },
  'CIPHERTEXTS-FULL': {
    what: 'No more ciphertexts are kept for this key',
    why: 'The key’s share of the disk is used up.',
    do: 'Ask the operator of the server.',
  },
  'COMBINER-ABSENT': {
    what: 'The server’s combiner key is missing',
    why: 'Its file is gone from the server’s folder.',
    do: 'Put combiner.identity back from a backup. Without it answers that were sealed to it cannot be opened.',
  },
  'FHE-CARDS-ABSENT': {
    what: 'The holders’ cards of this key are not here',
    why: 'It was imported by a version that did not keep them.',
    do: 'Move the key to a next epoch in a ceremony and import that bundle.',
  },
  'FHE-FILE-ABSENT': {
    what: 'A public file of this key is missing',
    why: 'It is gone from the server’s folder.',
    do: 'Put the folder fhe back from a backup.',
  },
  'FHE-FILE-DAMAGED': {
    what: 'A public file of this key is not the imported one',
    why: 'It, or the rows about its holders, were changed.',
    do: 'Find out who changed them. Put the folder fhe and the database back from a backup.',
  },
  'FHE-PARTIALS-FEW': {
    what: 'Too few holders have answered',
    why: 'A value comes out of a quorum’s parts together, and of no fewer.',
    do: 'Wait until more holders have approved the request.',
  },
  'RANGE-OUTSIDE': {
    what: 'The range lies outside of the file',
    why: 'The file is shorter than its first byte.',
    do: 'Ask for a range within the size that Content-Range names.',
  },
  'ANSWER-01': {
    what: 'The answer is to something else',
    why: 'It names another request, key, epoch or holder.',
    do: 'Have the holder answer this request.',
  },
  'ANSWER-02': {
    what: 'The answer counts more than was asked for',
    why: 'No answer spends more blocks than its request.',
    do: 'Have the holder check their device and answer again.',
  },
  'ANSWER-HOLDER': {
    what: 'The answer is not of a holder of this epoch',
    why: 'Name and number are not those of the epoch’s list.',
    do: 'Have a holder of the current epoch answer.',
  },
  'ANSWER-SEAL': {
    what: 'The sealed file is not the one that the holder signed',
    why: 'Answer and file do not belong together, or one of them is missing.',
    do: 'Send the answer and the sealed file that were made together.',
  },
  'ANSWER-SIGNATURE': {
    what: 'The answer’s signature is not the holder’s',
    why: 'It does not verify with the keys of the holder’s card.',
    do: 'Have the holder answer again on their own device.',
  },
  'ANSWER-TWICE': {
    what: 'This holder has answered already',
    why: 'One answer of each holder counts; the same bytes may be sent again.',
    do: 'Nothing is needed: the first answer stands. To ask anew, make a new request.',
  },
  'REQUEST-ABSENT': {
    what: 'There is no such request',
    why: 'It was never opened here, or by another identity.',
    do: 'Check the request’s id; only the identity that opened it releases and reads it.',
  },
  'REQUEST-BUDGET': {
    what: 'The key’s budget does not reach',
    why: 'Each key is decrypted a bounded number of times in its whole life.',
    do: 'Ask for fewer ciphertexts, wait until open requests end, or have a new key dealt.',
  },
  'REQUEST-CIPHERTEXT': {
    what: 'A ciphertext of the request is not here, or another one',
    why: 'The request names each by its digest.',
    do: 'Upload every ciphertext first; its reply gives the digest that the request must name.',
  },
  'REQUEST-COMBINER': {
    what: 'The answers would go to somebody else',
    why: 'This server opens only answers that are sealed to its own combiner.',
    do: 'Make the request with the combiner that GET /api/v1/fhe/keys/{keyId} shows.',
  },
  'REQUEST-EXPIRED': {
    what: 'The request has expired',
    why: 'Its time is over, and answers after it do not count.',
    do: 'Make a new request and have it approved.',
  },
  'REQUEST-EXPIRY-FAR': {
    what: 'The request would be open too long',
    why: 'A request is open for 30 days at most.',
    do: 'Make it with an earlier expiry.',
  },
  'REQUEST-REPLAYED': {
    what: 'The request’s id was used before',
    why: 'Each id is used once for a key, for ever.',
    do: 'Make a new request; it gets an id of its own.',
  },
  'REQUEST-STATE': {
    what: 'The request is at another point',
    why: 'What was asked belongs to another state than the one that the detail names.',
    do: 'Look at its state first: answers while open, release when ready, read once when released.',
  },
  'REQUEST-TOO-LARGE': {
    what: 'The request’s ciphertexts are too large together',
    why: 'They are combined in memory, at most 64 MiB.',
    do: 'Ask for fewer in one request.',
  },
} as const
