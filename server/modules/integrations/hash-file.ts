import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { CsvFileError } from './csv.ts'

/**
 * SHA-256 of a file as it lies on the disk.
 * @throws CsvFileError  the file cannot be read
 */
export async function hashFile(path: string): Promise<Buffer> {
  const hash = createHash('sha256')
  try {
    await pipeline(createReadStream(path), hash)
  } catch (error) {
    throw new CsvFileError(`${path}: ${(error as Error).message}`, { cause: error })
  }
  return hash.digest()
}
