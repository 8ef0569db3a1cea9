/** What settings must be together: contradictions, and what production cannot do without. */
import type { Settings } from './settings-schema.ts'

type Name = keyof Settings

/** An outside system's settings: all of them or none. */
const GROUPS: readonly { names: readonly Name[]; why: string; needed: (settings: Settings) => boolean }[] = [
  {
    names: [
      'DARAJA_BASE_URL', 'DARAJA_CONSUMER_KEY', 'DARAJA_CONSUMER_SECRET', 'DARAJA_SHORTCODE', 'DARAJA_PASSKEY', 'DARAJA_CALLBACK_BASE_URL', 'DARAJA_HOOK_SECRET',
    ],
    why: 'M-Pesa payments',
    needed: () => true,
  },
  { names: ['DARAJA_INITIATOR_NAME', 'DARAJA_SECURITY_CREDENTIAL'], why: 'refunds', needed: (settings) => settings.DARAJA_INITIATOR_NAME !== undefined || settings.DARAJA_SECURITY_CREDENTIAL !== undefined },
  { names: ['AT_BASE_URL', 'AT_USERNAME', 'AT_API_KEY', 'SMS_HOOK_SECRET'], why: 'SMS', needed: () => true },
  { names: ['TWILIO_ACCOUNT_SID', 'TWILIO_AUTH_TOKEN', 'TWILIO_SENDER', 'TWILIO_CALLBACK_BASE_URL'], why: 'TWILIO_BASE_URL', needed: (settings) => settings.TWILIO_BASE_URL !== undefined },
  { names: ['SMARTTWIN_BASE_URL', 'SMARTTWIN_API_KEY', 'SMARTTWIN_API_SIGN_KEY'], why: 'SMARTTWIN_ENABLED=true', needed: (settings) => settings.SMARTTWIN_ENABLED === true },
  { names: ['MAIL_FROM'], why: 'SMTP_URL', needed: (settings) => settings.SMTP_URL !== undefined },
]

const PRODUCTION_KEY_CHARS_MIN = 32

/** Sentences, each with the names it is about. Empty when all is well. */
export function collectProblems(settings: Settings): string[] {
  if (settings.STANDING_MODE === 'sandbox') return []
  return [...productionKeys(settings), ...missingGroups(settings), ...callbackProblems(settings)]
}

function productionKeys(settings: Settings): string[] {
  const problems: string[] = []
  if (settings.STANDING_APP_KEY === undefined) problems.push('STANDING_APP_KEY is required with STANDING_MODE=production: it encrypts what is secret')
  for (const name of ['STANDING_APP_KEY', 'STANDING_API_KEY'] as const) {
    const value = settings[name]
    if (value !== undefined && value.length < PRODUCTION_KEY_CHARS_MIN) problems.push(`${name} must have at least ${PRODUCTION_KEY_CHARS_MIN} characters with STANDING_MODE=production`)
  }
  return problems
}

function missingGroups(settings: Settings): string[] {
  return GROUPS.filter((group) => group.needed(settings)).flatMap((group) =>
    group.names.filter((name) => settings[name] === undefined).map((name) => `${name} is required with STANDING_MODE=production, for ${group.why}`),
  )
}

function callbackProblems(settings: Settings): string[] {
  return settings.DARAJA_CALLBACK_BASE_URL?.startsWith('http:') === true
    ? ['DARAJA_CALLBACK_BASE_URL must be https with STANDING_MODE=production: Safaricom calls nothing else']
    : []
}
