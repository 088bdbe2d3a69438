import { describe, expect, it } from 'vitest';
import { configSchema } from './config-schema.ts';
import { configTemplate, valueAt } from './config-template.ts';
import { ConfigInvalid, type ConfigSources, loadConfig } from './load-config.ts';
import { environmentName, SETTINGS } from './settings.ts';

const nothing: ConfigSources = { environment: {}, flags: [], workingDirectory: '/srv/tapwatt' };

function withFile(text: string, more: Partial<ConfigSources> = {}): ConfigSources {
  return { ...nothing, file: { path: 'tapwatt.yaml', text }, ...more };
}

function problemsOf(sources: ConfigSources): readonly string[] {
  try {
    loadConfig(sources);
  } catch (error) {
    if (error instanceof ConfigInvalid) return error.problems;
    throw error;
  }
  return [];
}

describe('loadConfig', () => {
  it('serves the development profile without any file', () => {
    const { config } = loadConfig(nothing);
    expect(config.profile).toBe('development');
    expect(config.dataDirectory).toBe('/srv/tapwatt/data');
    expect(config.mqtt.port).toBe(1883);
    expect(config.policies.maxAmountMinor).toBe(10_000_000n);
  });

  it('names file, line, column and key of every wrong value at once', () => {
    const text = [
      'profile: develop',
      'mqtt:',
      '  port: 70000',
      '  hots: here',
      'sweep:',
      '  intervalMs: soon',
      '',
    ].join('\n');
    expect(problemsOf(withFile(text))).toEqual([
      'tapwatt.yaml:1:10: profile: must be one of development, production',
      'tapwatt.yaml:3:9: mqtt.port: must be 0 to 65535',
      'tapwatt.yaml:4:3: mqtt.hots: unknown key (known here: host, port, external, limits)',
      'tapwatt.yaml:6:15: sweep.intervalMs: must be a whole number from 1000 to 3600000',
    ]);
  });

  it('refuses a key that stands twice, and text that is no YAML, with the place', () => {
    expect(problemsOf(withFile('site: a\nsite: b\n'))).toEqual(['tapwatt.yaml:2:1: Map keys must be unique']);
    expect(problemsOf(withFile('site: a\nsite: b\nmqtt: {port: x}\n'))).toEqual([
      'tapwatt.yaml:2:1: Map keys must be unique',
      'tapwatt.yaml:3:14: mqtt.port: must be a whole number',
    ]);
    expect(problemsOf(withFile('site: a\n---\nsite: b\n'))).toEqual([
      'tapwatt.yaml:2:1: a second document begins here; one is all there can be',
    ]);
    expect(problemsOf(withFile('mqtt: {port: 1\n'))[0]).toMatch(/^tapwatt\.yaml:\d+:\d+: /);
    expect(problemsOf(withFile('- a list\n'))).toEqual(['tapwatt.yaml:1:1: the file: must be a map of keys']);
    expect(problemsOf(withFile('mqtt: 5\n'))).toEqual(['tapwatt.yaml:1:7: mqtt: must be a map of keys']);
  });

  it('lets flags go before the environment and the environment before the file', () => {
    const loaded = loadConfig(
      withFile('mqtt:\n  port: 1\nhttp:\n  port: 2\nsite: a\n', {
        environment: { TAPWATT_MQTT_PORT: '3', TAPWATT_HTTP_PORT: '4' },
        flags: [{ name: '--port', path: 'http.port', text: '5' }],
      }),
    );
    expect([loaded.config.mqtt.port, loaded.config.http.port, loaded.config.site]).toEqual([3, 5, 'a']);
    expect(loaded.originOf('mqtt.port')).toEqual({ from: 'environment', name: 'TAPWATT_MQTT_PORT' });
    expect(loaded.originOf('http.port')).toEqual({ from: 'flag', name: '--port' });
    expect(loaded.originOf('site')).toEqual({
      from: 'file',
      file: 'tapwatt.yaml',
      at: { line: 5, column: 7 },
    });
    expect(loaded.originOf('log.level')).toEqual({ from: 'default' });
  });

  it('names the environment variable that is wrong or unknown', () => {
    const environment = { TAPWATT_MQTT_PORT: 'x', TAPWATT_MQTT_PROT: '1', OTHER: 'y' };
    expect(problemsOf({ ...nothing, environment })).toEqual([
      'TAPWATT_MQTT_PROT: unknown environment variable',
      'TAPWATT_MQTT_PORT: mqtt.port: must be a whole number',
    ]);
  });

  it('takes serial lines, from the environment as JSON, and says what is wrong with them where', () => {
    const line = { device: '/dev/ttyUSB0', meters: [{ address: 1 }, { address: '7', meterId: '42' }] };
    const environment = { TAPWATT_LINKS_SERIAL: JSON.stringify([line]) };
    expect(loadConfig({ ...nothing, environment }).config.links?.serial).toMatchObject([
      { device: '/dev/ttyUSB0', protocol: 'tapwatt', baudRate: 9_600, pollIntervalMs: 10_000, searchTo: 32 },
    ]);
    const text = [
      'links:',
      '  serial:',
      '    - {device: /dev/a, meters: [{address: 0}, {address: 5}, {address: 5}]}',
      '    - {device: /dev/a, protocol: iec62056}',
      '    - {device: /dev/b, protocol: iec62056, meters: [{address: ""}]}',
    ];
    expect(problemsOf(withFile(`${text.join('\n')}\n`))).toEqual([
      expect.stringMatching(
        /^tapwatt.yaml:3:\d+: links.serial.0.meters.0: must have an address from 1 to 247$/,
      ),
      expect.stringMatching(/^tapwatt.yaml:3:\d+: links.serial.0.meters.2: has the address of another one$/),
      expect.stringMatching(/^tapwatt.yaml:4:\d+: links.serial.1.device: is another line’s as well$/),
      expect.stringMatching(/^tapwatt.yaml:4:\d+: links.serial.1.meters: must name the meters/),
      expect.stringMatching(/^tapwatt.yaml:5:\d+: links.serial.2.meters.0: needs meterId/),
    ]);
  });

  it('names what is wrong between settings also where others are wrong by themselves', () => {
    const text = [
      'mqtt: {port: many}',
      'policies: {minAmountMinor: "9", maxAmountMinor: "8"}',
      'http: {port: 1883}',
      'links:',
      '  serial:',
      '    - {device: /dev/a, baudRate: 1, meters: [{address: 5}, {address: 300}, {address: 5}]}',
      '    - {device: /dev/a, protocol: iec62056, meters: [{address: "1"}, {address: "2", meterId: x}, 7]}',
      '    - {protocol: other, meters: [{address: "9"}, {address: 9}, {address: 0}]}',
      '    - {device: /dev/b, protocol: iec62056, meters: none}',
      '    - 5',
    ];
    const said = problemsOf(withFile(`${text.join('\n')}\n`)).map((problem) => problem.split(/:\d+: /)[1]);
    expect(said).toEqual([
      'mqtt.port: must be a whole number',
      'links.serial.0.baudRate: must be a whole number from 300 to 921600',
      expect.stringMatching(/^links.serial.0.meters.1.address: must be 1 to 247, or the device address/),
      expect.stringMatching(/^links.serial.1.meters.1.meterId: must be a meter’s number/),
      'links.serial.1.meters.2: must be a map of keys',
      'links.serial.2.device: must be a path',
      'links.serial.2.protocol: must be one of tapwatt, iec62056',
      'links.serial.3.meters: must be a list of meters',
      'links.serial.4: must be a map of keys',
      'policies.minAmountMinor: must not be above policies.maxAmountMinor',
      'links.serial.0.meters.2: has the address of another one',
      'links.serial.1.device: is another line’s as well',
      'links.serial.1.meters.0: needs meterId, under which its readings are kept',
      'links.serial.2.meters.1: has the address of another one',
    ]);
  });

  it('takes a relative data directory as relative to the file that names it', () => {
    const file = { path: 'conf/tapwatt.yaml', text: 'data: ../store\n' };
    expect(loadConfig({ ...nothing, file }).config.dataDirectory).toBe('/srv/tapwatt/store');
  });

  it('takes the paths of a Fabric network as relative to the file that names them', () => {
    const text = 'ledger: {kind: fabric, fabric: {network: net.json, certificate: c.pem, key: /k.pem}}\n';
    const { config } = loadConfig({ ...nothing, file: { path: 'conf/tapwatt.yaml', text } });
    const fabric = {
      network: '/srv/tapwatt/conf/net.json',
      certificate: '/srv/tapwatt/conf/c.pem',
      key: '/k.pem',
    };
    expect(config.ledger).toEqual({ kind: 'fabric', fabric });
    const inToken = 'pkcs11:token=t;id=%01?module-path=/m.so&pin-source=/pin';
    const withToken = withFile(`ledger: {fabric: {certificate: /c.pem, key: "${inToken}"}}\n`);
    expect(loadConfig(withToken).config.ledger.fabric.key).toBe(inToken);
    expect(loadConfig(nothing).config.ledger.kind).toBe('embedded');
    expect(problemsOf(withFile('ledger: {fabric: {key: k.pem}}\n'))).toEqual([
      'tapwatt.yaml:1:24: ledger.fabric.key: needs ledger.fabric.certificate as well',
    ]);
  });

  it('checks rules that need two settings', () => {
    expect(problemsOf(withFile('http: {port: 1883}\n'))).toEqual([
      'tapwatt.yaml:1:14: http.port: must be another port than mqtt.port',
    ]);
    expect(problemsOf(withFile('profile: production\n'))).toHaveLength(2);
  });

  it('accepts a heading whose lines are all commented out', () => {
    expect(problemsOf(withFile('sweep:\n  # pageSize: 1\n'))).toEqual([]);
  });
});

it('takes an issuer elsewhere only with the certificates to ask it, relative to the file', () => {
  expect(problemsOf(withFile('issuer: {url: "https://a:1", ca: ca.pem}\n'))).toEqual([
    'tapwatt.yaml:1:15: issuer.url: needs issuer.certificate as well',
    'tapwatt.yaml:1:15: issuer.url: needs issuer.key as well',
  ]);
  const file = { path: 'conf/tapwatt.yaml', text: 'issuer: {ca: ca.pem}\n' };
  expect(loadConfig({ ...nothing, file }).config.issuer?.ca).toBe('/srv/tapwatt/conf/ca.pem');
});

it('takes a user of InfluxDB only with its password and address, and keeps sums longer than what they sum', () => {
  expect(problemsOf(withFile('telemetry: {influx: {username: u}, keep: {hourlyDays: 7}}\n'))).toEqual([
    'tapwatt.yaml:1:55: telemetry.keep.hourlyDays: must not be below telemetry.keep.rawDays',
    'tapwatt.yaml:1:32: telemetry.influx.username: needs telemetry.influx.url as well',
    'tapwatt.yaml:1:32: telemetry.influx.username: needs telemetry.influx.passwordFile as well',
  ]);
  expect(problemsOf(withFile('telemetry: {influx: {url: "udp://a:1"}}\n'))).toEqual([
    'tapwatt.yaml:1:27: telemetry.influx.url: must be http://host:port or https://host:port',
  ]);
  const text = 'telemetry: {influx: {url: "http://a:1", username: u, passwordFile: influx.password}}\n';
  const { config } = loadConfig({ ...nothing, file: { path: 'conf/tapwatt.yaml', text } });
  expect(config.telemetry?.influx.passwordFile).toBe('/srv/tapwatt/conf/influx.password');
});

describe('the settings table', () => {
  it('names every setting of the schema, and nothing else', () => {
    const leaves = leafPaths(
      configSchema.parse({
        mqtt: { external: 'mqtt://a:1' },
        ledger: { fabric: { certificate: 'c.pem', key: 'k.pem' } },
        issuer: { url: 'https://a:1', ca: 'ca.pem', certificate: 'c.pem', key: 'k.pem' },
        telemetry: { influx: { url: 'http://a:1', username: 'u', passwordFile: 'p' } },
      }),
    );
    expect(SETTINGS.map((setting) => setting.path).toSorted()).toEqual(leaves.toSorted());
  });

  it('makes readable environment names', () => {
    expect(environmentName('mqtt.port')).toBe('TAPWATT_MQTT_PORT');
    expect(environmentName('mqtt.limits.maxBufferedBytesPerClient')).toBe(
      'TAPWATT_MQTT_LIMITS_MAX_BUFFERED_BYTES_PER_CLIENT',
    );
  });
});

describe('configTemplate', () => {
  it('gives a file that loads to the defaults, also with every line uncommented', () => {
    const text = configTemplate('development', { site: 'home', ledgerId: 'tapwatt-dev' });
    const uncommented = text.replaceAll(/^( *)# ([a-zA-Z]+: .*)$/gm, (line, indent, rest: string) =>
      SETTINGS.some(({ path }) => rest.startsWith(`${path.split('.').at(-1)}: `)) ? `${indent}${rest}` : line,
    );
    const defaults: unknown = loadConfig(nothing).file;
    expect(loadConfig(withFile(text)).file).toEqual(defaults);
    const all = loadConfig(withFile(uncommented)).file;
    for (const { path } of SETTINGS.filter((setting) => setting.example === undefined)) {
      expect(valueAt(all, path.split('.')), path).toEqual(valueAt(defaults, path.split('.')));
    }
  });
});

function leafPaths(value: unknown, prefix = ''): string[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [prefix];
  return Object.entries(value).flatMap(([key, inner]) =>
    leafPaths(inner, prefix === '' ? key : `${prefix}.${key}`),
  );
}
