/** Prints the closing line of a run: `sum-counts.ts <folder> <exit code of the run>`. */
import { closingLine, sumCounts } from './counts.ts'

const [dir, exitCode] = process.argv.slice(2)
if (dir === undefined || exitCode === undefined) throw new Error('usage: sum-counts.ts <folder> <exit code>')

const { line, ok } = closingLine(sumCounts(dir), Number(exitCode))
console.log(line)
process.exitCode = ok ? 0 : 1
