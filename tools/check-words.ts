/** Every state, event, guard, delay and effect of every machine has its phrase for staff and for the customer. */
import { registry } from '../actors/registry.ts'
import { missingWords } from './missing-words.ts'

const complaints = registry.flatMap(({ type, machine, words }) => missingWords(machine, words).map((complaint) => `${type}: ${complaint}`))

for (const complaint of complaints) console.error(complaint)
if (registry.length === 0) console.error('the registry is empty: nothing was checked')
process.exitCode = complaints.length > 0 || registry.length === 0 ? 1 : 0
