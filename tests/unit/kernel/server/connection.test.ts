import { address, parseConnection, readConnectionFile } from '../../../../kernel/server/connection';

const fields = {
  transport: 'tcp',
  ip: '127.0.0.1',
  shell_port: 1,
  iopub_port: 2,
  stdin_port: 3,
  control_port: 4,
  hb_port: 5,
  key: 'k',
  signature_scheme: 'hmac-sha256'
};

describe('parseConnection()', () => {
  it('reads a connection file', () => {
    expect(parseConnection(JSON.stringify(fields), 'c.json')).toEqual(fields);
  });

  it.each([
    ['{', 'Cannot start the kernel as c.json must be JSON'],
    [JSON.stringify({ ...fields, hb_port: undefined }), 'must give hb_port as a number: current value is undefined'],
    [JSON.stringify({ ...fields, transport: 'udp' }), 'transport must be tcp or ipc: current value is udp'],
    [JSON.stringify({ ...fields, signature_scheme: 'none' }), 'signature_scheme must be hmac-…: current value is none']
  ])('refuses %s', (text, message) => {
    expect(() => parseConnection(text, 'c.json')).toThrow(message);
  });
});

describe('readConnectionFile()', () => {
  it('says which file cannot be read', () => {
    expect(() => readConnectionFile('/no/such/file.json')).toThrow(/connection file must be readable.*no\/such\/file/);
  });
});

describe('address()', () => {
  it('writes tcp, IPv6 and ipc addresses', () => {
    const connection = parseConnection(JSON.stringify(fields), 'c');
    expect(address(connection, 7)).toBe('tcp://127.0.0.1:7');
    expect(address({ ...connection, ip: '::1' }, 7)).toBe('tcp://[::1]:7');
    expect(address({ ...connection, transport: 'ipc', ip: '/tmp/k' }, 7)).toBe('ipc:///tmp/k-7');
  });
});
