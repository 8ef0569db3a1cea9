import type { Words } from '../words.ts'

export const reconciliationWords = {
  states: {
    pulling: { staff: "We are reading M-Pesa's list of transactions.", customer: 'We are looking for your payment at M-Pesa.' },
    waiting: { staff: "M-Pesa's list was read; the next look is due within the hour.", customer: 'We look for missing payments every hour.' },
    troubled: { staff: "M-Pesa's list could not be read; we try again in ten minutes.", customer: 'We look for missing payments again soon.' },
    idle: { staff: "M-Pesa refuses to show its list: see the error, mend what it names (is the shortcode registered for pull?), and ask to look again.", customer: 'We are mending the search for missing payments.' },
  },
  events: { 'reconciliation.pull': { staff: 'Look for missing payments now.', customer: 'Look for my payment now.' } },
  guards: {
    hasMoreToPull: { staff: 'The list goes on, or somebody asked to look meanwhile.', customer: 'There is more to look at.' },
    isForEver: { staff: 'Asking again would be refused again.', customer: 'M-Pesa refuses.' },
  },
  delays: {
    pullGap: { staff: 'an hour until the next look', customer: 'an hour until we look again' },
    errorGap: { staff: 'ten minutes until the next try', customer: 'ten minutes until we try again' },
  },
  effects: { pullMoney: { staff: "pull query: read M-Pesa's list of transactions, and find whose the money is", customer: 'looking for missing payments at M-Pesa' } },
} satisfies Words
