/**
 * The table of contents of a zip archive whose members are stored without compression, as `torch.save` writes it.
 *
 * @see {@link https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT} APPNOTE, sections 4.3 and 4.5.3
 */
import type { ByteSource } from '../host/host';
import { CheckpointError } from './checkpoint';

/** Where a member's bytes are. */
export interface ZipMember {
  readonly name: string;
  readonly begin: number;
  readonly end: number;
}

const endSignature = 0x06054b50;
const end64Signature = 0x06064b50;
const locator64Signature = 0x07064b50;
const centralSignature = 0x02014b50;
const localSignature = 0x04034b50;
/** End record, and the longest comment that may follow it. */
const longestEnd = 22 + 65535;
const longestDirectory = 1 << 28;
/** Local headers fetched at a time. */
const batch = 16;

/** Whether a file begins like a zip archive. */
export function isZip(head: Uint8Array): boolean {
  return head[0] === 0x50 && head[1] === 0x4b && head[2] === 3 && head[3] === 4;
}

/**
 * Reads a zip archive's table of contents.
 *
 * @returns Members by name.
 * @throws {CheckpointError} If it is damaged, or a member is compressed, encrypted or occurs twice.
 */
export async function readZip(source: ByteSource, signal?: AbortSignal): Promise<Map<string, ZipMember>> {
  const directory = await findDirectory(source, signal);
  const members: { name: string; header: number; size: number }[] = [];
  for (let at = 0; members.length < directory.count;) {
    at = readCentral(source, directory.view, at, members);
  }
  const found = new Map<string, ZipMember>();
  for (let i = 0; i < members.length; i += batch) {
    const some = await Promise.all(members.slice(i, i + batch).map(member => locate(source, member, signal)));
    for (const member of some) {
      if (found.has(member.name)) {
        throw new CheckpointError(source.name, `its members must have different names: ${member.name} occurs twice`);
      }
      found.set(member.name, member);
    }
  }
  return found;
}

async function findDirectory(source: ByteSource, signal?: AbortSignal): Promise<{ count: number; view: DataView }> {
  const fail = (reason: string): never => {
    throw new CheckpointError(source.name, reason);
  };
  const begin = Math.max(0, source.size - longestEnd);
  const tail = viewOf(await source.read(begin, source.size, signal));
  let at = tail.byteLength - 22;
  while (at >= 0 && tail.getUint32(at, true) !== endSignature) {
    at--;
  }
  if (at < 0) {
    fail('a zip archive must end with its table of contents: it has none (the file may be cut short)');
  }
  let count = tail.getUint16(at + 10, true);
  let size = tail.getUint32(at + 12, true);
  let offset = tail.getUint32(at + 16, true);
  if (at >= 20 && tail.getUint32(at - 20, true) === locator64Signature) {
    const position = big(source, tail, at - 12);
    if (position + 56 > source.size) {
      fail(`its 64-bit end record must lie within the file: it begins at ${position}`);
    }
    const record = viewOf(await source.read(position, position + 56, signal));
    if (record.getUint32(0, true) !== end64Signature) {
      fail('its 64-bit end record must be where its locator says');
    }
    count = big(source, record, 32);
    size = big(source, record, 40);
    offset = big(source, record, 48);
  }
  if (offset + size > source.size || size > longestDirectory || count * 46 > size) {
    fail(`its table of contents must lie within the file: ${count} members in ${size} bytes at ${offset}`);
  }
  return { count, view: viewOf(await source.read(offset, offset + size, signal)) };
}

/** Reads one entry of the directory; returns where the next begins. */
function readCentral(
  source: ByteSource,
  view: DataView,
  at: number,
  members: { name: string; header: number; size: number }[]
): number {
  const fail = (reason: string): never => {
    throw new CheckpointError(source.name, reason);
  };
  if (at + 46 > view.byteLength || view.getUint32(at, true) !== centralSignature) {
    fail(`its table of contents must have a member at ${at}`);
  }
  const flags = view.getUint16(at + 8, true);
  const method = view.getUint16(at + 10, true);
  const packed = view.getUint32(at + 20, true);
  let size = view.getUint32(at + 24, true);
  const nameLength = view.getUint16(at + 28, true);
  const extraLength = view.getUint16(at + 30, true);
  const next = at + 46 + nameLength + extraLength + view.getUint16(at + 32, true);
  let header = view.getUint32(at + 42, true);
  if (next > view.byteLength) {
    fail(`its table of contents must hold the names it announces: one ends at ${next}`);
  }
  const name = new TextDecoder().decode(new Uint8Array(view.buffer, view.byteOffset + at + 46, nameLength));
  if (method !== 0 || (flags & 1) !== 0) {
    fail(`its members must be stored as they are: ${name} is ${method === 0 ? 'encrypted' : 'compressed'}`);
  }
  // Values that do not fit 32 bits are in an extra field, in this order.
  let extra = at + 46 + nameLength;
  const extraEnd = extra + extraLength;
  while (extra + 4 <= extraEnd) {
    const length = view.getUint16(extra + 2, true);
    if (view.getUint16(extra, true) === 1) {
      let value = extra + 4;
      const take = (): number => {
        if (value + 8 > Math.min(extraEnd, extra + 4 + length)) {
          fail(`the 64-bit sizes of ${name} must be there`);
        }
        value += 8;
        return big(source, view, value - 8);
      };
      size = size === 0xffffffff ? take() : size;
      if (packed === 0xffffffff) {
        take();
      }
      header = header === 0xffffffff ? take() : header;
    }
    extra += 4 + length;
  }
  members.push({ name, header, size });
  return next;
}

/** A member's data begins after its local header, whose extra field may differ from the directory's. */
async function locate(
  source: ByteSource,
  { name, header, size }: { name: string; header: number; size: number },
  signal?: AbortSignal
): Promise<ZipMember> {
  if (header + 30 > source.size) {
    throw new CheckpointError(source.name, `member ${name} must lie within the file: it begins at ${header}`);
  }
  const local = viewOf(await source.read(header, header + 30, signal));
  const begin = header + 30 + local.getUint16(26, true) + local.getUint16(28, true);
  if (local.getUint32(0, true) !== localSignature || begin + size > source.size) {
    throw new CheckpointError(
      source.name,
      `member ${name} must lie within the file's ${source.size} bytes: it has ${size} at ${begin}`
    );
  }
  return { name, begin, end: begin + size };
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function big(source: ByteSource, view: DataView, at: number): number {
  const value = view.getBigUint64(at, true);
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) {
    throw new CheckpointError(source.name, `its sizes must be below 2^53: current value is ${value}`);
  }
  return Number(value);
}
