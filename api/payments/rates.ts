/** How many payments may be started: per phone so that nobody is pestered with prompts, per device that pesters many phones, per address against scripts. */
export interface Rate {
  limit: number
  windowMs: number
}

export interface StkRates {
  stkPerPhone: Rate
  stkPerMac: Rate
  stkPerIp: Rate
}

export const PRODUCTION_RATES: StkRates = {
  stkPerPhone: { limit: 5, windowMs: 10 * 60_000 },
  // A family may share one.
  stkPerMac: { limit: 10, windowMs: 10 * 60_000 },
  // All guests of one hotspot share an address.
  stkPerIp: { limit: 120, windowMs: 60_000 },
}

/** In the sandbox people and tests pay again and again from one phone and one machine. */
const SANDBOX_RATES: StkRates = {
  stkPerPhone: { limit: 100, windowMs: 60_000 },
  stkPerMac: { limit: 30_000, windowMs: 60_000 },
  stkPerIp: { limit: 30_000, windowMs: 60_000 },
}

interface RateSettings {
  STANDING_MODE: 'sandbox' | 'production'
  STANDING_STK_PER_PHONE?: Rate | undefined
  STANDING_STK_PER_MAC?: Rate | undefined
  STANDING_STK_PER_IP?: Rate | undefined
}

export function stkRates(settings: RateSettings): StkRates {
  const rates = settings.STANDING_MODE === 'production' ? PRODUCTION_RATES : SANDBOX_RATES
  return {
    stkPerPhone: settings.STANDING_STK_PER_PHONE ?? rates.stkPerPhone,
    stkPerMac: settings.STANDING_STK_PER_MAC ?? rates.stkPerMac,
    stkPerIp: settings.STANDING_STK_PER_IP ?? rates.stkPerIp,
  }
}
