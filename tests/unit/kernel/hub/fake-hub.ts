/** The part of the Hugging Face hub's interface that downloads use, on a test server. */
import { createHash } from 'node:crypto';
import type { TestServer } from './test-server';

export interface FakeHub {
  readonly commit: string;
  /** Breaks answers off after so many bytes. */
  breakAfter: number | undefined;
  /** Sends other bytes than announced. */
  corrupt: boolean;
}

/** Files of more than 10 kB are "LFS" files with a SHA-256. */
export function fakeHub(server: TestServer, repository: string, files: Record<string, Uint8Array>): FakeHub {
  const hub: FakeHub = { commit: 'c'.repeat(40), breakAfter: undefined, corrupt: false };
  const tree = Object.entries(files).map(([path, body]) => {
    const oid = createHash('sha1').update(`blob ${body.length}\0`).update(body).digest('hex');
    const sha256 = createHash('sha256').update(body).digest('hex');
    const lfs = body.length > 10_000 ? { lfs: { oid: sha256, size: body.length, pointerSize: 130 } } : {};
    return { type: 'file', path, size: body.length, oid, ...lfs };
  });
  server.handle = (request, response) => {
    const path = decodeURIComponent(new URL(request.url!, server.url).pathname);
    const json = (body: unknown): true => {
      response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
      return true;
    };
    if (path === `/api/models/${repository}/revision/main`) {
      return json({ _id: '1', id: repository, sha: hub.commit, siblings: [] });
    }
    if (path === `/api/models/${repository}/tree/${hub.commit}`) {
      return json(tree);
    }
    const name = path.replace(`/${repository}/resolve/${hub.commit}/`, '');
    const body = name !== path && Object.hasOwn(files, name) ? files[name]! : undefined;
    if (!body) {
      return false;
    }
    const match = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '');
    const begin = Number(match?.[1] ?? 0);
    const end = Math.min(body.length, match?.[2] ? Number(match[2]) + 1 : body.length);
    const part = hub.corrupt ? body.slice(begin, end).fill(9) : body.slice(begin, end);
    response.writeHead(match ? 206 : 200, {
      'Content-Length': part.length,
      ...(match ? { 'Content-Range': `bytes ${begin}-${end - 1}/${body.length}` } : {}),
      ETag: '"e"'
    });
    if (hub.breakAfter !== undefined && part.length > hub.breakAfter) {
      response.write(part.slice(0, hub.breakAfter), () => setTimeout(() => response.destroy(), 50));
      return true;
    }
    response.end(part);
    return true;
  };
  return hub;
}
