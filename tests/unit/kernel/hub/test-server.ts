/** A small HTTP server for tests: files by path, with the faults a test asks for. */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface TestFile {
  body: Uint8Array;
  type?: string;
  /** Answers 200 with everything. */
  ignoresRange?: boolean;
  etag?: string;
}

export interface TestServer {
  readonly url: string;
  readonly files: Map<string, TestFile>;
  /** Answers for anything else; returns whether it did. */
  handle?: (request: IncomingMessage, response: ServerResponse) => boolean;
  /** `METHOD path range` of each request. */
  readonly log: string[];
  /** The next answers are errors or broken connections, one each. */
  readonly faults: (number | 'break' | 'short')[];
  close(): Promise<void>;
}

export async function startServer(): Promise<TestServer> {
  const files = new Map<string, TestFile>();
  const log: string[] = [];
  const faults: (number | 'break' | 'short')[] = [];
  const state = { files, log, faults } as unknown as TestServer & { url: string };
  const server: Server = createServer((request, response) => {
    const path = request.url!;
    log.push(`${request.method} ${path} ${request.headers.range ?? ''}`.trim());
    const fault = faults.shift();
    if (typeof fault === 'number') {
      response.writeHead(fault).end('fault');
      return;
    }
    if (fault === 'break') {
      request.socket.destroy();
      return;
    }
    if (state.handle?.(request, response)) {
      return;
    }
    const file = files.get(decodeURIComponent(path));
    if (!file) {
      response.writeHead(404, { 'Content-Type': 'text/plain' }).end('not found');
      return;
    }
    send(file, request, response, fault === 'short');
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  state.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  state.close = () =>
    new Promise(resolve => {
      server.closeAllConnections();
      server.close(() => resolve());
    });
  return state;
}

function send(file: TestFile, request: IncomingMessage, response: ServerResponse, cutShort: boolean): void {
  const size = file.body.length;
  const etag = file.etag ?? `"${createHash('sha1').update(file.body).digest('hex').slice(0, 8)}"`;
  const headers = { 'Content-Type': file.type ?? 'application/octet-stream', ETag: etag };
  const match = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '');
  if (!match || file.ignoresRange) {
    response.writeHead(200, { ...headers, 'Content-Length': size }).end(file.body);
    return;
  }
  const begin = Number(match[1]);
  const end = Math.min(size, match[2] ? Number(match[2]) + 1 : size);
  if (begin >= size) {
    response.writeHead(416, { ...headers, 'Content-Range': `bytes */${size}` }).end();
    return;
  }
  const part = file.body.slice(begin, end);
  response.writeHead(206, {
    ...headers,
    'Content-Range': `bytes ${begin}-${end - 1}/${size}`,
    'Content-Length': part.length
  });
  if (cutShort) {
    response.write(part.slice(0, Math.floor(part.length / 2)), () => response.destroy());
    return;
  }
  response.end(part);
}
