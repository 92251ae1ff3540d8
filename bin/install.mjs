import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'

/** Something that the person at the terminal can put right; the message says what. */
export class InstallError extends Error {}

const OLDEST_NODE = 20
const OWN_NODE = 24
const LOCK_POLL_MS = 200
const HEARTBEAT_MS = 2_000
/** A lock that has not been touched for so long was left by a process that is gone. */
const LOCK_STALE_MS = 15_000
const TELL_EVERY_MS = 10_000

/**
 * Installs the dependencies of package-lock.json unless they are there already. Commands that start at once install
 * once: the others wait.
 *
 * @param {string} root                        the repository
 * @param {{ isForDevelopment: boolean }} what  whether tests and tools are wanted too
 * @returns {Promise<string>} the Node.js that runs the project
 */
export async function ensureInstalled(root, { isForDevelopment }) {
  const ownMajor = Number(process.versions.node.split('.')[0])
  if (ownMajor < OLDEST_NODE) {
    throw new InstallError(
      `Node.js ${OLDEST_NODE} or newer is needed, and this is ${process.version}: https://nodejs.org`,
    )
  }
  if (!isInstalled(root, isForDevelopment)) {
    await withLock(root, async () => {
      if (!isInstalled(root, isForDevelopment)) await install(root, isForDevelopment)
    })
  }
  const node = projectNode(root)
  if (existsSync(node)) return node
  if (ownMajor >= OWN_NODE) return process.execPath
  throw new InstallError(
    `npm did not bring Node.js ${OWN_NODE}. Its install scripts may be switched off (npm config get ignore-scripts): ` +
      `run \`npm rebuild node --ignore-scripts=false\`, or start with Node.js ${OWN_NODE}.`,
  )
}

/**
 * npm writes node_modules/.package-lock.json last, so an install that was interrupted counts as none. Optional packages
 * are those of other systems, and packages for development may be left out of an installation that only serves.
 */
function isInstalled(root, isForDevelopment) {
  const locked = readPackages(join(root, 'package-lock.json'))
  const installed = readPackages(join(root, 'node_modules', '.package-lock.json'))
  if (locked === null) throw new InstallError(`${root} has no package-lock.json: the clone is not complete.`)
  if (installed === null) return false
  return Object.entries(locked).every(([path, wanted]) => {
    if (path === '') return true
    const found = installed[path]
    if (found === undefined) return wanted.optional || wanted.devOptional || (wanted.dev && !isForDevelopment)
    return found.version === wanted.version && found.integrity === wanted.integrity
  })
}

function readPackages(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8')).packages
  } catch (error) {
    if (error.code === 'ENOENT') return null
    throw error
  }
}

function projectNode(root) {
  return join(root, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
}

async function install(root, isForDevelopment) {
  const startedAt = Date.now()
  const seconds = () => Math.round((Date.now() - startedAt) / 1_000)
  say('installing what package-lock.json lists; this takes a minute or two, once')
  // npm shows its own progress on a terminal and nothing anywhere else.
  const tell = () => process.stderr.isTTY || say(`still installing after ${seconds()} s`)
  const ticker = setInterval(tell, TELL_EVERY_MS)
  // Not its warnings: most say that packages want the newer Node.js that is being brought.
  const args = ['ci', '--loglevel=error', ...(isForDevelopment ? ['--include=dev'] : [])]
  const exitCode = await runNpm(root, args).finally(() => clearInterval(ticker))
  if (exitCode !== 0) {
    throw new InstallError(
      `npm ci failed (exit code ${exitCode}); its reason stands above. It needs the npm registry this once ` +
        '(npm config get registry; behind a proxy: npm config set proxy). Start again to try again.',
    )
  }
  say(`installed in ${seconds()} s`)
}

/** @returns {Promise<number>} npm's exit code. All it prints goes to stderr: stdout belongs to the command. */
function runNpm(root, args) {
  const { npm_execpath: npmPath = '' } = process.env
  // Run by `npm start` we use that very npm; else the one on the PATH, on Windows a script that wants a shell.
  const isRunByNpm = npmPath.endsWith('npm-cli.js')
  const [command, ...before] = isRunByNpm ? [process.execPath, npmPath] : ['npm']
  return new Promise((resolve, reject) => {
    const child = spawn(command, [...before, ...args], {
      cwd: root,
      stdio: ['ignore', 2, 2],
      shell: process.platform === 'win32' && !isRunByNpm,
    })
    child.once('error', (error) =>
      reject(new InstallError(`npm cannot be run (${error.code}): it comes with Node.js.`)),
    )
    child.once('exit', (code, signal) => resolve(code === null ? signal : code))
  })
}

async function withLock(root, work) {
  const path = join(root, '.waybill', 'install.lock')
  try {
    mkdirSync(join(root, '.waybill'), { recursive: true })
    for (let waits = 0; !tryLock(path); waits++) {
      if (waits === 0) say('another command is installing; waiting for it')
      await new Promise((resolve) => setTimeout(resolve, LOCK_POLL_MS))
    }
  } catch (error) {
    if (error.code !== 'EACCES' && error.code !== 'EROFS' && error.code !== 'EPERM') throw error
    throw new InstallError(`${root} cannot be written to (${error.code}): start as the user it belongs to.`)
  }
  const heartbeat = setInterval(() => utimesSync(path, new Date(), new Date()), HEARTBEAT_MS)
  try {
    await work()
  } finally {
    clearInterval(heartbeat)
    rmSync(path, { force: true })
  }
}

function tryLock(path) {
  try {
    writeFileSync(path, String(process.pid), { flag: 'wx' })
    return true
  } catch (error) {
    if (error.code !== 'EEXIST') throw error
  }
  try {
    if (!isAbandoned(path)) return false
    // Of several that find it abandoned one can move it away.
    renameSync(path, `${path}.${process.pid}`)
    rmSync(`${path}.${process.pid}`)
  } catch (error) {
    if (error.code !== 'ENOENT') throw error
  }
  return false
}

function isAbandoned(path) {
  if (Date.now() - statSync(path).mtimeMs > LOCK_STALE_MS) return true
  const pid = Number(readFileSync(path, 'utf8'))
  try {
    if (pid > 0) process.kill(pid, 0)
    return false
  } catch (error) {
    return error.code === 'ESRCH'
  }
}

function say(message) {
  process.stderr.write(`waybill: ${message}\n`)
}
