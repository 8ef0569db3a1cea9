import type { Words } from '../words.ts'

export const hotspotSessionWords = {
  states: {
    ready: { staff: 'Access is open: the login works, no device is logged in.', customer: 'Your internet access is ready. Log in with your username and password.' },
    online: { staff: 'At least one device is logged in.', customer: 'You are online.' },
    expired: { staff: 'Access has ended (see the reason); new logins are refused.', customer: 'Your internet access has ended.' },
    closed: { staff: 'Over; late accounting is no longer taken.', customer: 'Your internet access has ended.' },
  },
  events: {
    'session.start': { staff: 'A device logs in.', customer: 'You log in.' },
    'session.stop': { staff: 'A device leaves.', customer: 'You log out.' },
    'session.revealCredentials': { staff: 'Show the credentials to the paying browser, once.', customer: 'Show my username and password.' },
    'session.close': { staff: 'End the access before its time.', customer: 'Your access is ended before its time.' },
    'session.revoke': { staff: 'Take the access away.', customer: 'Your access is taken away by our staff.' },
  },
  guards: {
    canRevealCredentials: {
      staff: 'The credentials have not been shown yet; they are shown once, the SMS has them too.',
      customer: 'Your username and password were shown already. You also got them by SMS.',
    },
    isLastDevice: { staff: 'No other device is logged in.', customer: 'No other device of yours is online.' },
  },
  delays: {
    paidTime: { staff: 'the end of the paid time', customer: 'the end of your paid time' },
    settlingTime: { staff: 'one hour for late accounting', customer: 'a short time to settle your usage' },
  },
  effects: {},
} satisfies Words
