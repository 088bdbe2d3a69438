import { type Command, Option } from 'commander';
import { orphanCommands, resumeCommand } from './copy-commands.ts';
import { type Builder, command, group, local, remote } from './define-command.ts';
import type { CommonOptions } from './session.ts';

export function runCommand(build: Builder): void {
  const options = (made: Command): Command =>
    local(made)
      .option('--profile <profile>', 'development or production')
      .option('--port <port>', 'HTTP port')
      .option('--mqtt-port <port>', 'MQTT port');
  command(
    build,
    build.run.program,
    { name: 'run', about: 'run the gateway', options },
    async (session, given) => (await import('./run-command.ts')).runGateway(session, given),
  );
}

export function issuerCommand(build: Builder): void {
  const shape = { name: 'issuer', about: 'run the issuer as a process of its own', options: local };
  command(build, build.run.program, shape, async (session, given) =>
    (await import('./issuer-command.ts')).runIssuerProcess(session, given),
  );
}

export function doctorCommand(build: Builder): void {
  const about = 'what this machine lacks for the configured gateway, with a remedy for each';
  command(build, build.run.program, { name: 'doctor', about, options: local }, async (session, given) =>
    (await import('./doctor-command.ts')).runDoctor(session, given),
  );
}

export function statusCommand(build: Builder): void {
  const shape = { name: 'status', about: 'state of the running gateway', options: remote };
  command(build, build.run.program, shape, async (session, given) =>
    (await import('./read-commands.ts')).showStatus(session, given),
  );
  const redeem = {
    name: 'redeem <file>',
    about: 'present a sealed voucher (72 bytes or hex; - is stdin)',
    options: remote,
  };
  command(build, build.run.program, redeem, async (session, given, [file = '']) =>
    (await import('./redeem-command.ts')).redeemFile(session, file, given),
  );
}

export function traceCommand(build: Builder): void {
  const options = (made: Command): Command => local(made).requiredOption('--meter <id>', 'whose frames');
  const shape = { name: 'trace', about: 'a meter’s frames of every link, taken apart, as they go', options };
  command<CommonOptions & { meter: string }>(build, build.run.program, shape, async (session, given) =>
    (await import('./trace-command.ts')).traceMeter(session, given),
  );
}

export function frameCommands(build: Builder): void {
  const frame = group(build, 'frame', 'take frames of the wire apart, and seal them');
  const decode = (made: Command): Command =>
    made
      .addOption(new Option('--type <type>', 'of a frame of 28 bytes').choices(['ack', 'time']))
      .option('--master-file <file>', 'master key (64 hex digits): says whether the MAC is right');
  const decodeShape = {
    name: 'decode <hex>',
    about: 'hex, or - for one frame a line on stdin',
    options: decode,
  };
  command<CommonOptions & { type?: 'ack' | 'time'; masterFile?: string }>(
    build,
    frame,
    decodeShape,
    async (session, given, [hex = '']) =>
      (await import('./frame-command.ts')).decodeFrames(session.edges, hex, given),
  );
  const seal = (made: Command): Command =>
    made.requiredOption('--master-file <file>', 'master key (64 hex digits)');
  const sealShape = { name: 'seal', about: '{"type", "fields"} a line on stdin', options: seal };
  command<CommonOptions & { masterFile: string }>(build, frame, sealShape, async (session, given) =>
    (await import('./frame-command.ts')).sealFrames(session.edges, given.masterFile),
  );
}

export function ledgerCommands(build: Builder): void {
  const ledger = group(build, 'ledger', 'look at the ledger');
  const load = () => import('./ledger-commands.ts');
  command(
    build,
    ledger,
    { name: 'verify', about: 'recompute chain and state (gateway stopped)', options: local },
    async (session, given) => (await load()).verifyLedger(session, given),
  );
  command(
    build,
    ledger,
    { name: 'stats', about: 'figures of the ledger', options: local },
    async (session, given) => (await load()).ledgerStats(session, given),
  );
  command(
    build,
    ledger,
    { name: 'invariants', about: 'check that all money adds up', options: local },
    async (session, given) => (await load()).ledgerInvariants(session, given),
  );
  const found = (made: Command): Command =>
    local(made)
      .option('--certificate <file>', 'the utility’s, if another than the network’s description names')
      .option('--key <file>', 'its private key: a file (PEM), or pkcs11:…');
  command(
    build,
    ledger,
    { name: 'found', about: 'begin the ledger on a Fabric channel, as the utility', options: found },
    async (session, given) => (await import('./found-command.ts')).foundLedger(session, given),
  );
  resumeCommand(build, ledger);
  orphanCommands(build, ledger);
}

export function configCommands(build: Builder): void {
  const config = group(build, 'config', 'check, show and write the configuration');
  const load = () => import('./config-commands.ts');
  command(
    build,
    config,
    { name: 'check', about: 'name everything that is wrong', options: local },
    async (session, given) => (await load()).checkConfig(session, given),
  );
  command(
    build,
    config,
    { name: 'print', about: 'every value and where it comes from', options: local },
    async (session, given) => (await load()).printConfig(session, given),
  );
  const init = (made: Command): Command =>
    made
      .option('--config <file>', 'file to write', 'tapwatt.yaml')
      .option('--profile <profile>', 'development or production', 'development')
      .option('--site <name>', 'site')
      .option('--ledger-id <id>', 'ledger');
  command(
    build,
    config,
    { name: 'init', about: 'write a new commented tapwatt.yaml', options: init },
    async (session, given) => (await load()).initConfig(session, given),
  );
}

export function keyCommands(build: Builder): void {
  const load = () => import('./key-commands.ts');
  const key = group(build, 'key', 'make, back up, restore and rotate keys');
  const secret = (made: Command): Command =>
    local(made).option('--passphrase-file <file>', 'passphrase (or TAPWATT_PASSPHRASE)');
  command(
    build,
    key,
    { name: 'create', about: 'make the keys that are missing', options: local },
    async (session, given) => (await load()).createKeys(session, given),
  );
  command(
    build,
    key,
    { name: 'backup <file>', about: 'all keys into one encrypted file', options: secret },
    async (session, given, [file = '']) => (await load()).backup(session, file, given),
  );
  command(
    build,
    key,
    { name: 'restore <file>', about: 'bring keys back', options: secret },
    async (session, given, [file = '']) => (await load()).restore(session, file, given),
  );
  const rotateOptions = (made: Command): Command => local(made).option('--yes', 'do not ask');
  command(
    build,
    key,
    { name: 'rotate <what>', about: 'replace mqtt or admin', options: rotateOptions },
    async (session, given, [what = '']) => (await load()).rotate(session, what, given),
  );
  const root = {
    name: 'root <meterId>',
    about: 'a meter’s root key, from the master key here',
    options: local,
  };
  command(build, key, root, async (session, given, [meterId = '']) =>
    (await import('./issuer-command.ts')).showMeterRoot(session, meterId, given),
  );
}

export function devCommands(build: Builder): void {
  const dev = group(build, 'dev', 'for the development profile only');
  const options = (made: Command): Command =>
    local(made)
      .option('--meters <n>', 'meters 1 to n', '5')
      .option('--handsets <n>', 'handsets', '1')
      .option('--mqtt-port <port>', 'where the devices find the broker')
      .requiredOption('--fleet <file>', 'fleet file to write, with the devices’ secrets');
  const shape = {
    name: 'provision',
    about: 'register an agent, a funded wallet, meters and handsets',
    options,
  };
  command<CommonOptions & { meters: string; handsets: string; fleet: string }>(
    build,
    dev,
    shape,
    async (session, given) => (await import('./provision-command.ts')).provision(session, given),
  );
}
