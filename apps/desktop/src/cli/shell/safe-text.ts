export { escapeForTerminal, escapeLinesForTerminal } from '@lux/people'
