import type { Words } from '../words.ts'

export const notificationWords = {
  states: {
    queued: { staff: 'Waiting for the next attempt.', customer: 'Your message will be sent shortly.' },
    clearing: { staff: 'Being checked against quiet hours, opt-out and cooldown.', customer: 'Your message will be sent shortly.' },
    held: { staff: 'Waits until it may be sent (see the reason).', customer: 'Your message will be sent a little later.' },
    suppressed: { staff: 'Not sent: the customer has opted out of messages of this kind.', customer: 'You have asked us not to send such messages.' },
    cancelled: { staff: 'Not sent: what it says was not so any more.', customer: 'The message was not needed any more.' },
    sending: { staff: 'Being handed to the SMS provider.', customer: 'Your message is being sent.' },
    sent: { staff: 'The provider took it; the network has not reported delivery yet.', customer: 'Your message is on its way.' },
    unconfirmed: { staff: 'Sent three days ago or more; the network never said whether it arrived.', customer: 'Your message was sent.' },
    delivered: { staff: 'Delivered to the phone.', customer: 'Your message was delivered.' },
    failed: { staff: 'Not delivered (see the reason). It can be sent again.', customer: 'Your message could not be delivered.' },
  },
  events: {
    'notification.report': { staff: 'The network reports on the delivery.', customer: 'The network tells us whether your message arrived.' },
    'notification.cancel': { staff: 'Do not send the message, unless it is on its way.', customer: 'The message is not needed any more.' },
    'notification.resend': { staff: 'Send the message once more.', customer: 'Send me the message again.' },
  },
  guards: {
    isDue: { staff: 'No pause is asked for.', customer: 'The message can go now.' },
    needsClearance: { staff: 'The message minds quiet hours, and the wish not to be written to.', customer: 'The message can wait for the right time.' },
    isHeld: { staff: 'It may not be sent yet.', customer: 'It is not the time for this message.' },
    isSuppressed: { staff: 'The customer has opted out.', customer: 'You have asked us not to send such messages.' },
    isTooLate: { staff: 'What the message gives access to is over.', customer: 'The access that the message is about is over.' },
    isAccepted: { staff: 'The provider took the message.', customer: 'The message was taken.' },
    isRefused: { staff: 'The provider certainly did not take the message.', customer: 'The message was not taken.' },
    canSendAgain: { staff: 'The refusal may pass, attempts are left, and the access is not over yet.', customer: 'We can try again.' },
    canRiskSecondSms: { staff: 'The first send is uncertain; one repetition is allowed, though the customer may then get two.', customer: 'We can try once more.' },
    isOwnReport: { staff: 'The report is about the message under way.', customer: 'The report is about this message.' },
    isDeliveryReport: { staff: 'The report says: delivered.', customer: 'The message arrived.' },
    isReportedDelivered: { staff: 'The newest report says: delivered.', customer: 'The message arrived.' },
    isReportedUndelivered: { staff: 'The newest report says: not delivered.', customer: 'The message did not arrive.' },
    canResend: {
      staff: 'At least a minute since the last send, at most five resends, and the access is not over.',
      customer: 'You can ask for the message again after a minute, five times in all, while your access lasts.',
    },
  },
  delays: {
    retryGap: { staff: 'the pause before the next attempt', customer: 'a short pause before we try again' },
    heldTime: { staff: 'the moment from which it may be sent', customer: 'the time when we may write to you' },
    deliveryWindow: { staff: 'three days in which the network may still deliver', customer: 'the time in which your message may still arrive' },
  },
  effects: {
    checkClearance: { staff: 'see whether the message may go now', customer: 'seeing whether we may write to you now' },
    sendSms: { staff: 'hand the message to the SMS provider', customer: 'sending your message' },
  },
} satisfies Words
