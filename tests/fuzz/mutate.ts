/** Seeded damage to files. */

/** A seeded generator of numbers in [0, 1) (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** Numbers that sizes and offsets go wrong with. */
const extremes = [
  0n,
  1n,
  0x7fn,
  0xffn,
  0x7fffn,
  0xffffn,
  0x7fffffffn,
  0xffffffffn,
  2n ** 53n,
  2n ** 63n,
  2n ** 64n - 1n
];

/**
 * Damages a copy of a file in one to four places, of which most lie in its head.
 *
 * @param head Length of the part that holds the structure.
 */
export function mutated(bytes: Uint8Array, head: number, random: () => number): Uint8Array {
  let out: Uint8Array = bytes.slice();
  const count = 1 + Math.floor(random() * 4);
  for (let i = 0; i < count; i++) {
    out = mutateOnce(out, Math.min(head, out.length), random);
  }
  return out;
}

function mutateOnce(bytes: Uint8Array, head: number, random: () => number): Uint8Array {
  const within = (length: number): number => Math.floor(random() * Math.max(1, length));
  const at = within(random() < 0.85 ? head : bytes.length);
  switch (within(9)) {
    case 0: // flip a bit
      bytes[at]! ^= 1 << within(8);
      return bytes;
    case 1: // another byte
      bytes[at] = within(256);
      return bytes;
    case 2: {
      // an extreme number of 1, 2, 4 or 8 bytes
      const size = 1 << within(4);
      let value = extremes[within(extremes.length)]!;
      for (let i = at; i < Math.min(bytes.length, at + size); i++) {
        bytes[i] = Number(value & 255n);
        value >>= 8n;
      }
      return bytes;
    }
    case 3: // cut off
      return bytes.slice(0, at);
    case 4: // take out
      return splice(bytes, at, at + 1 + within(16), new Uint8Array(0));
    case 5: // put in
      return splice(
        bytes,
        at,
        at,
        Uint8Array.from({ length: 1 + within(16) }, () => within(256))
      );
    case 6: {
      // say again what is said elsewhere
      const from = within(head);
      return splice(bytes, at, at, bytes.slice(from, from + 1 + within(64)));
    }
    case 7: {
      // overwrite with what is said elsewhere
      const from = within(head);
      bytes.copyWithin(at, from, from + 1 + within(32));
      return bytes;
    }
    default: // go on too long
      return splice(bytes, bytes.length, bytes.length, new Uint8Array(1 + within(64)));
  }
}

function splice(bytes: Uint8Array, begin: number, end: number, insert: Uint8Array): Uint8Array {
  const tail = bytes.subarray(Math.min(end, bytes.length));
  const out = new Uint8Array(begin + insert.length + tail.length);
  out.set(bytes.subarray(0, begin));
  out.set(insert, begin);
  out.set(tail, begin + insert.length);
  return out;
}
