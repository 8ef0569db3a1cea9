/** Which phone has a payment prompt open. M-Pesa shows one prompt at a time; a second would fail with code 1001. */
export interface OpenPrompts {
  /** The payment whose prompt is not decided yet. `phone` as digits with country code. */
  find(tenant: string, phone: string): Promise<{ paymentId: string } | undefined>
}
