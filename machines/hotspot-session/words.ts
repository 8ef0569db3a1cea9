import type { Words } from '../words.ts'

export const hotspotSessionWords = {
  states: {
    ready: { staff: 'Access is open: the login works, no device is logged in.', customer: 'Your internet access is ready. Log in with your username and password.' },
    online: { staff: 'At least one device is logged in.', customer: 'You are online.' },
    kicking: { staff: 'The devices that are logged in are being cut off; they may log in again.', customer: 'Your devices are being logged out. You can log in again.' },
    disconnecting: {
      staff: 'Access has ended (see the reason); whoever is still logged in is being cut off. A router that does not answer is asked until it does.',
      customer: 'Your internet access has ended.',
    },
    unreached: {
      staff: 'Access has ended, but a device was logged in at a router that is not registered, so it could not be cut off. It is tried again with the next report of that router.',
      customer: 'Your internet access has ended.',
    },
    expired: { staff: 'Access has ended (see the reason); new logins are refused.', customer: 'Your internet access has ended.' },
    closed: { staff: 'Over; late accounting is no longer taken.', customer: 'Your internet access has ended.' },
  },
  events: {
    'session.account': { staff: 'The routers tell who is online and how much was used.', customer: 'Your usage is counted.' },
    'session.revealCredentials': { staff: 'Show the credentials to the paying browser, once.', customer: 'Show my username and password.' },
    'session.resend': { staff: 'Send the credentials once more by SMS.', customer: 'Send my username and password again.' },
    'session.changeDevice': { staff: 'Let another device in than the one it is bound to; the time goes on.', customer: 'Move my access to another device.' },
    'session.kick': { staff: 'Cut off who is logged in now; they may log in again.', customer: 'Log my devices out.' },
    'session.close': { staff: 'End the access before its time.', customer: 'Your access is ended before its time.' },
    'session.revoke': { staff: 'Take the access away because what it was bought with was taken back.', customer: 'Your access has ended because you got your money back.' },
  },
  guards: {
    canRevealCredentials: {
      staff: 'The credentials have not been shown yet; they are shown once, the SMS has them too.',
      customer: 'Your username and password were shown already. You also got them by SMS.',
    },
    canResend: { staff: 'They were not sent again five times yet.', customer: 'We have sent them several times already. Please call us.' },
    isNews: { staff: 'The accounting is newer than what is known.', customer: 'There is news of your usage.' },
    isStillOnline: { staff: 'Whoever was online is online still: the router may be back.', customer: 'Your device is still connected.' },
    isOnlineNow: { staff: 'A device is logged in.', customer: 'A device of yours is online.' },
    isOfflineNow: { staff: 'No device is logged in any more.', customer: 'No device of yours is online any more.' },
    hasUsedUpData: { staff: 'The data of the package is used up.', customer: 'Your data is used up.' },
    hasUnreached: { staff: 'A device was logged in at a router that is not registered.', customer: 'A device of yours could not be logged out.' },
    isRoutersWord: { staff: 'The network says so, not a person.', customer: 'The network has ended it.' },
  },
  delays: {
    paidTime: { staff: 'the end of the paid time', customer: 'the end of your paid time' },
    registrationTime: { staff: '30 days for that router to be registered', customer: 'a time to log your devices out' },
    settlingTime: { staff: 'one hour for late accounting', customer: 'a short time to settle your usage' },
  },
  effects: {
    disconnectDevices: { staff: 'Tell the routers to cut off whoever is logged in.', customer: 'Log your devices out.' },
  },
} satisfies Words
