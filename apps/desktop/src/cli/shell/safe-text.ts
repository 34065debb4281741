export { visible, visibleLines } from '@lux/people'
