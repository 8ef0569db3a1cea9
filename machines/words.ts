/** Plain-language phrases of one machine, for staff and for the customer. */
export interface Phrase {
  staff: string
  customer: string
}

/**
 * States are keyed by their path without the machine id (`active.grace`), delays by name or, for a number, `after.<ms>`;
 * effects by the invoked source or the named action. A missing or left-over phrase fails the check command.
 */
export interface Words {
  states: Record<string, Phrase>
  events: Record<string, Phrase>
  guards: Record<string, Phrase>
  delays: Record<string, Phrase>
  effects: Record<string, Phrase>
}
