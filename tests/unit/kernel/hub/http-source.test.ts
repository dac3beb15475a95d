import { openUrl } from '../../../../kernel/hub/http-source';
import { startServer, type TestServer } from './test-server';

const large = Uint8Array.from({ length: 700_000 }, (_, i) => (i * 7919) >> 3);
const waits = [5, 5, 5];
let server: TestServer;

beforeEach(async () => {
  server = await startServer();
  server.files.set('/large.bin', { body: large });
  server.files.set('/small.json', { body: new TextEncoder().encode('{"a":1}'), type: 'application/json' });
});
afterEach(() => server.close());

const open = (path: string) => openUrl(server.url + path, { waits });

describe('openUrl()', () => {
  it('reads ranges, and takes size and identity from the first', async () => {
    const source = (await open('/large.bin'))!;
    expect(source.size).toBe(700_000);
    expect(source.identity).toMatch(/large\.bin:700000:"[0-9a-f]{8}"$/);
    expect(await source.read(300_000, 300_010)).toEqual(large.slice(300_000, 300_010));
    expect(Buffer.compare(await source.read(0, 700_000), large)).toBe(0); // toEqual() takes seconds
    expect(server.log).toEqual([
      'GET /large.bin bytes=0-262143',
      'GET /large.bin bytes=300000-300009',
      'GET /large.bin bytes=0-699999'
    ]);
  });

  it('needs one request for a small file and for the head of a large one', async () => {
    const small = (await open('/small.json'))!;
    expect(new TextDecoder().decode(await small.read(0, small.size))).toBe('{"a":1}');
    const source = (await open('/large.bin'))!;
    expect(await source.read(100, 200)).toEqual(large.slice(100, 200));
    expect(server.log).toHaveLength(2);
  });

  it('resolves to undefined where nothing is, or a page in its place', async () => {
    expect(await open('/absent.bin')).toBeUndefined();
    server.files.set('/app.json', { body: new TextEncoder().encode('<html>'), type: 'text/html; charset=utf-8' });
    expect(await open('/app.json')).toBeUndefined();
  });

  it('opens an empty file', async () => {
    server.files.set('/empty.txt', { body: new Uint8Array(0) });
    const source = (await open('/empty.txt'))!;
    expect(source.size).toBe(0);
    expect(await source.read(0, 0)).toEqual(new Uint8Array(0));
  });

  it('reads the file whole where the server ignores ranges', async () => {
    server.files.set('/large.bin', { body: large, ignoresRange: true });
    const source = (await open('/large.bin'))!;
    expect(await source.read(600_000, 600_003)).toEqual(large.slice(600_000, 600_003));
    expect(server.log).toHaveLength(1);
  });

  it('refuses a file of more than 1 GiB of a server that ignores ranges, and reads none of it', async () => {
    server.handle = (_, response) => {
      response.writeHead(200, { 'Content-Type': 'application/octet-stream', 'Content-Length': 2 ** 31 });
      response.write('x');
      return true;
    };
    await expect(open('/huge.bin')).rejects.toThrow(/must support Range requests .* current size is 2147483648/);
  });

  it('tries again after broken connections and busy answers', async () => {
    server.faults.push('break', 503);
    const source = (await open('/large.bin'))!;
    server.faults.push(429, 'break');
    expect(await source.read(400_000, 400_004)).toEqual(large.slice(400_000, 400_004));
  });

  it('goes on where a stream broke off', async () => {
    const source = (await open('/large.bin'))!;
    server.faults.push('short');
    expect(Buffer.compare(await source.read(300_000, 600_000), large.subarray(300_000, 600_000))).toBe(0);
    expect(server.log.at(-1)).toMatch(/bytes=4\d{5}-599999$/);
  });

  it('gives up after four attempts, naming the URL', async () => {
    server.faults.push('break', 'break', 'break', 'break');
    await expect(open('/large.bin')).rejects.toThrow(/^Cannot fetch http:.*large\.bin as the server must answer/);
  });

  it('says what the server answers where it refuses', async () => {
    server.faults.push(403);
    await expect(open('/large.bin')).rejects.toThrow(/as the server must allow it: it answers 403/);
  });

  it('notices that the file changed', async () => {
    const source = (await open('/large.bin'))!;
    server.files.set('/large.bin', { body: large.slice().fill(1) });
    await expect(source.read(300_000, 300_001)).rejects.toThrow(/it changed while being read/);
  });

  it('stops at an abort, also while waiting', async () => {
    const source = (await open('/large.bin'))!;
    await expect(source.read(300_000, 400_000, AbortSignal.abort(new Error('stop')))).rejects.toThrow('stop');
    server.faults.push('break');
    const slow = openUrl(`${server.url}/large.bin`, { waits: [60_000], signal: AbortSignal.timeout(50) });
    await expect(slow).rejects.toMatchObject({ name: 'TimeoutError' });
  });

  it('refuses ranges outside the file, and sends its headers', async () => {
    const source = (await openUrl(`${server.url}/large.bin`, { headers: { 'X-XSRFToken': 't' } }))!;
    await expect(source.read(0, 700_001)).rejects.toThrow(/within its 700000 bytes/);
    let token: unknown;
    server.handle = request => {
      token = request.headers['x-xsrftoken'];
      return false;
    };
    await source.read(300_000, 300_001);
    expect(token).toBe('t');
  });
});
