/** Named by the types of qrcode; core draws on none. */
interface HTMLCanvasElement {
  readonly width: number
}
