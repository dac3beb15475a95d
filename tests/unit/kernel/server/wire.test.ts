import { Wire, newHeader, type JupyterMessage } from '../../../../kernel/server/wire';

const key = 'a0436f6c-1916-498b-8eb9-e81ab9368e84';

function message(): JupyterMessage {
  return {
    channel: 'shell',
    identities: [Buffer.from('client')],
    header: newHeader('execute_request', 'session'),
    parent_header: {},
    metadata: { deleted: null },
    content: { code: '1 + "ü😀"' },
    buffers: [new Uint8Array([1, 2, 3])]
  };
}

function frames(wire: Wire, value: JupyterMessage): Uint8Array[] {
  return wire.write(value).map(f => (typeof f === 'string' ? Buffer.from(f) : f));
}

describe('Wire', () => {
  it('reads what it writes, identities and buffers included', () => {
    const sent = message();
    expect(new Wire(key).read('shell', frames(new Wire(key), sent))).toEqual({
      ...sent,
      identities: [new Uint8Array(Buffer.from('client'))]
    });
  });

  it("signs as Python's Session does", () => {
    // hmac.new(b'key', b'{}{}{}{}', 'sha256').hexdigest()
    const [, , signature] = new Wire('key').write({
      ...message(),
      header: {} as never,
      metadata: {},
      content: {},
      buffers: []
    });
    expect(signature).toBe('ca767b02c5bc061ed184a9a029e7f93a7f2f7ed4e8fe74120fc1212f0b008fa3');
  });

  it('refuses a wrong signature, a replay and a message without delimiter', () => {
    const wire = new Wire(key);
    const good = frames(wire, message());
    const forged = good.map(Buffer.from);
    forged[6] = Buffer.from('{"code":"evil"}');
    expect(() => wire.read('shell', forged)).toThrow('its signature must be made with the connection');
    wire.read('shell', good);
    expect(() => wire.read('shell', good)).toThrow('its signature must be new');
    expect(() => wire.read('shell', good.slice(3))).toThrow('must have a delimiter');
  });

  it('neither signs nor checks without a key', () => {
    const sent = frames(new Wire(''), message());
    expect(sent[2]!.length).toBe(0);
    expect(new Wire('').read('control', sent).channel).toBe('control');
  });
});
