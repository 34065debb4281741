/** The server's folder, files, token, address and database: what a command or the whole server meets. */
export const environmentTexts = {
  INTERNAL: {
    what: 'Something went wrong inside the program',
    why: 'This is a fault of the program, not of what was asked.',
    do: 'Do it once more. If it fails again, report it with the lines that the server wrote on stderr.',
  },
  USAGE: {
    what: 'The command was called wrongly',
    why: 'An argument is missing, unknown or does not fit another one. Nothing was done.',
    do: 'Correct what the detail names; “custody-server help COMMAND” shows every option.',
  },
  'STATE-EXISTS': {
    what: 'There is a server in this folder already',
    why: 'A server’s identity is made once and never replaced.',
    do: 'Use it as it is, or name another folder with --state.',
  },
  'STATE-ABSENT': {
    what: 'There is no server in this folder',
    why: 'Its settings or its card are not there: “init” was never run here or did not end.',
    do: 'Name the right folder with --state, or make the server with “custody-server init”.',
  },
  'STATE-BUSY': {
    what: 'Another command is at work on this server',
    why: 'Commands that change the server’s folder or token take turns. This one waited a minute; it has done nothing.',
    do: 'Wait until the command that the detail names has ended, or end it with Ctrl-C; then give this one again. A running server need not be stopped.',
  },
  'STATE-DAMAGED': {
    what: 'A file of the server’s folder cannot be read',
    why: 'It was changed, cut off, or written by another version.',
    do: 'Put the file that the detail names back from a backup. Do not edit it by hand.',
  },
  'STATE-TOO-LARGE': {
    what: 'A file of the server’s folder is too large',
    why: 'The server never writes one of this size there.',
    do: 'Find out who changed the file that the detail names, and put it back from a backup.',
  },
  'FOLDER-MISSING': {
    what: 'The folder is not there',
    why: 'A folder that you name for output is never made: a medium that is not mounted would become a folder of this machine’s own disk.',
    do: 'Mount the medium or make the folder, or name a path in another one.',
  },
  'FILE-EXISTS': {
    what: 'There is already a file with this name',
    why: 'Nothing that is there is ever written over.',
    do: 'Name a new file.',
  },
  'FOLDER-READ-ONLY': {
    what: 'The place cannot be written to',
    why: 'The file system or its permissions do not allow it.',
    do: 'Choose another place, or ask for the right to write there.',
  },
  'DISK-FULL': {
    what: 'The disk is full',
    why: 'What was to be written did not fit; nothing that was written before is lost.',
    do: 'Free space first, then do it again.',
  },
  'DISK-FAILED': {
    what: 'A file or folder could not be used',
    why: 'The operating system refused; the detail has the path and its code.',
    do: 'Check that the path is there and its disk is well; put what is missing back from a backup.',
  },
  'FILE-MISSING': {
    what: 'There is no such file',
    why: 'The path that was given leads to nothing.',
    do: 'Check the path.',
  },
  'FILE-UNREADABLE': {
    what: 'The file cannot be read',
    why: 'Its permissions or its disk do not allow it.',
    do: 'Check its permissions, then give the command again.',
  },
  'FILE-TOO-LARGE': {
    what: 'The file is too large',
    why: 'Nothing of this kind is so long, so it is not read.',
    do: 'Check that it is the right file.',
  },
  'FILE-WRONG-KIND': {
    what: 'A folder was given for a file, or a file for a folder',
    why: 'The path leads to something of the other kind.',
    do: 'Name the file or folder itself.',
  },
  'FILE-NOT-PRIVATE': {
    what: 'Others can read a secret’s file',
    why: 'Its mode gives its group or everybody access.',
    do: 'Run chmod 600 on it. If somebody may have read it, change what is in it.',
  },
  'ADDRESS-IN-USE': {
    what: 'Another program listens on this address',
    why: 'Host and port belong to one program at a time.',
    do: 'Stop the other program, or choose another port with --port.',
  },
  'ADDRESS-UNENCRYPTED': {
    what: 'Production would be served in the clear to a network',
    why: 'The server speaks plain HTTP: whoever is on the way would read client secrets, tokens and plaintexts.',
    do: 'Leave --host out and let a proxy on this machine encrypt (docs/guide/production.md, “Reached from other machines”). Where the proxy is on another one, and nothing else reaches this port, say so with --behind-tls-proxy.',
  },
  'ADDRESS-REFUSED': {
    what: 'The server may not listen on this address',
    why: 'The host is none of this machine, or the port needs more rights.',
    do: 'Choose an address of this machine with --host and a port of 1024 or more with --port.',
  },
  'TOKEN-URI': {
    what: 'The token’s URI cannot be used',
    why: 'It lacks something, or has a part that would be ignored; a PIN never stands in it.',
    do: 'Write pkcs11:serial=…?module-path=… and name the PIN’s file with --pin-file.',
  },
  'TOKEN-PIN-FILE': {
    what: 'Nobody said where the PIN comes from',
    why: 'The server logs in by itself at every start.',
    do: 'Name a file of mode 0600 with --pin-file, or the token’s own pad with pin-source=pin-pad in the URI.',
  },
  'TOKEN-PIN': {
    what: 'The server is not logged in to its token',
    why: 'The PIN’s file is missing or empty, or the token refused the PIN in it. A refused PIN is never sent again.',
    do: 'Put the right PIN into the PIN’s file: the server tries it once within seconds. A locked PIN is set anew by the security officer first.',
  },
  'TOKEN-PAD': {
    what: 'Nobody logged in at the token’s pad',
    why: 'The server asks there once, when it starts.',
    do: 'Go to the pad and start the server again.',
  },
  'DATABASE-ACCOUNT': {
    what: 'The account of the database could not be made',
    why: 'PostgreSQL refuses to run as root, and an account of its own could not be made.',
    do: 'Run “useradd --system --user-group --no-create-home postgres”, or start the server as another user.',
  },
  'DATABASE-BINARIES': {
    what: 'The built-in database is not installed',
    why: 'The package for this computer is missing.',
    do: 'Run npm run setup again, or name another PostgreSQL in DATABASE_URL.',
  },
  'DATABASE-IN-USE': {
    what: 'Another server runs on this folder',
    why: 'The built-in database belongs to one server at a time.',
    do: 'Stop the other server, or wait until its command has ended, then start again.',
  },
  'DATABASE-INIT': {
    what: 'The built-in database could not be made',
    why: 'The detail has its own words.',
    do: 'Check space and permissions of the state folder, then start again.',
  },
  'DATABASE-START': {
    what: 'The built-in database did not start',
    why: 'The detail has its own words.',
    do: 'Check space and permissions of the state folder and the memory of this machine, then start again.',
  },
  'DATABASE-MIGRATION': {
    what: 'The database could not be brought to this version',
    why: 'A step of the migration failed and was taken back.',
    do: 'Read the detail, mend what it names, and run “custody-server migrate up” again. The backup of before stays good.',
  },
  'DATABASE-OTHER-SERVER': {
    what: 'The database belongs to another server',
    why: 'Keys and receipts of two servers are never mixed.',
    do: 'Name this server’s own database in DATABASE_URL, or its own folder with --state.',
  },
  'DATABASE-ROLE': {
    what: 'The database’s account may do too much',
    why: 'Who serves keys may not change what the audit log says.',
    do: 'Use an account in DATABASE_URL that is a member of custody_app and no superuser.',
  },
  'DATABASE-REFUSED': {
    what: 'The database refused',
    why: 'Its own code and words are in the detail.',
    do: 'Look its code up in the manual of PostgreSQL; check the account and the database’s name in DATABASE_URL.',
  },
  'DATABASE-UNAVAILABLE': {
    what: 'The database does not answer',
    why: 'It is stopped, overloaded, or the network to it is down.',
    do: 'Check PostgreSQL and its log. The server goes on by itself once it answers.',
  },
  'DATABASE-UNREACHABLE': {
    what: 'The database cannot be reached',
    why: 'Nothing answers where DATABASE_URL says, or it refuses the account.',
    do: 'Check that PostgreSQL runs there, and host, port, account and password in DATABASE_URL.',
  },
  'DATABASE-VERSION': {
    what: 'The database is at another version',
    why: 'Its schema is older or newer than this program.',
    do: 'Make a backup and run “custody-server migrate up”; for a newer schema install the newer program.',
  },
  'AUDIT-UNAVAILABLE': {
    what: 'The audit log cannot be written',
    why: 'No reply leaves before its entry is on disk, so this one was withheld. What was asked may have been done.',
    do: 'Check the database and its disk. Ask again once /readiness answers 200.',
  },
} as const
