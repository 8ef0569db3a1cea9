/** What the SMS stand-in can be told to do, as data: the same shapes in code and at `POST /_sandbox/scenarios`. */
import { z } from 'zod'

/** Africa's Talking's delivery statuses. */
const REPORT_STATUSES = ['Sent', 'Submitted', 'Buffered', 'Rejected', 'Success', 'Failed', 'AbsentSubscriber', 'Expired'] as const

/**
 * - `accept`: HTTP 201, recipient 101;
 * - `timeout-after-accepting`: takes the message, never answers; `reset-after-accepting`: breaks the connection;
 * - `{statusCode}`: HTTP 201 whose only recipient has this code, e.g. 403;
 * - `{httpStatus}`: refused as a whole.
 */
const send = z.union([
  z.enum(['accept', 'timeout-after-accepting', 'reset-after-accepting']),
  z.strictObject({ statusCode: z.int().min(100).max(599) }),
  z.strictObject({ httpStatus: z.int().min(400).max(599) }),
])

const report = z.strictObject({
  status: z.enum(REPORT_STATUSES),
  /** From acceptance; real time. Default: the stand-in's `reportAfterMs`. Reports out of order are told so by this. */
  afterMs: z.int().min(0).max(86_400_000).optional(),
  /** Delivered before the send is answered. */
  beforeAnswer: z.boolean().optional(),
  failureReason: z.string().max(60).optional(),
  /** How often it is delivered. Default 1. */
  times: z.int().min(1).max(20).optional(),
})

export const smsBehaviourSchema = z.strictObject({
  send: send.optional(),
  /** Default: one `Success`. An empty list: none ever comes. */
  reports: z.array(report).max(20).optional(),
})

export type SmsBehaviour = z.infer<typeof smsBehaviourSchema>
export type ReportPlan = z.infer<typeof report>
