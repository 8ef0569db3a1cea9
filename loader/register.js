/** For `node --import ./loader/register.js <file>.ts`: files lose their types as they are loaded (docs/adr/0024). */
import { register } from 'node:module'

register('./hooks.js', import.meta.url)
