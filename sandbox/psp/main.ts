import { parseArgs } from 'node:util'
import { goodManners, type Manners } from './manners.ts'
import { startProvider } from './server.ts'

const USAGE = `The sandbox payment provider: a process of its own, with its own book.

  node sandbox/psp/main.ts --port 0 --data DIR [options]

  --port N                  0 takes a free one
  --data DIR                where the book is kept; it survives kill -9
  --secret TEXT             callers must send it as a bearer token
  --until-stdin-closes      end with the process that holds our standard input
  --seed N                  for the draws below
  --latency-ms N            added to every answer
  --error-before-rate R     500, nothing done              (R between 0 and 1)
  --error-after-rate R      500, done
  --bad-json-rate R         half an answer, done
  --silence-rate R          no answer, done
  --wrong-amount-rate R     an answer one minor unit off, done

Prints one line of JSON with its url once it listens.
`

const { values } = parseArgs({
  options: {
    help: { type: 'boolean' },
    port: { type: 'string' },
    data: { type: 'string' },
    secret: { type: 'string' },
    'until-stdin-closes': { type: 'boolean' },
    seed: { type: 'string' },
    'latency-ms': { type: 'string' },
    'error-before-rate': { type: 'string' },
    'error-after-rate': { type: 'string' },
    'bad-json-rate': { type: 'string' },
    'silence-rate': { type: 'string' },
    'wrong-amount-rate': { type: 'string' },
  },
})

if (values.help || values.port === undefined || values.data === undefined) {
  process.stdout.write(USAGE)
  process.exit(values.help ? 0 : 2)
}

const manners: Manners = {
  seed: number('seed', goodManners.seed, 2 ** 32),
  latencyMs: number('latency-ms', goodManners.latencyMs, 60_000),
  errorBeforeRate: number('error-before-rate', goodManners.errorBeforeRate, 1),
  errorAfterRate: number('error-after-rate', goodManners.errorAfterRate, 1),
  badJsonRate: number('bad-json-rate', goodManners.badJsonRate, 1),
  silenceRate: number('silence-rate', goodManners.silenceRate, 1),
  wrongAmountRate: number('wrong-amount-rate', goodManners.wrongAmountRate, 1),
}

const provider = await startProvider({
  directory: values.data,
  port: number('port', 0, 65_535),
  secret: values.secret,
  manners,
})
process.stdout.write(`${JSON.stringify({ url: provider.url })}\n`)

let ending = false
async function end(): Promise<void> {
  if (ending) return
  ending = true
  await provider.close()
  process.exit(0)
}
process.on('SIGTERM', () => void end())
process.on('SIGINT', () => void end())
if (values['until-stdin-closes']) process.stdin.resume().on('end', () => void end())

function number(
  name: Exclude<keyof typeof values, 'help' | 'until-stdin-closes'>,
  absent: number,
  max: number,
): number {
  const text = values[name]
  if (text === undefined) return absent
  const value = Number(text)
  if (text === '' || !(value >= 0 && value <= max)) {
    process.stderr.write(`--${name} wants a number between 0 and ${max}, not '${text}'\n`)
    process.exit(2)
  }
  return value
}
