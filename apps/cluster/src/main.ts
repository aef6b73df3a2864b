import { loadEnvFile } from 'node:process';
import { join } from 'node:path';
import { ignoreAbsence } from '@strongroom/errors/system-error';
import { banner } from './banner.ts';
import { figures } from './figures.ts';
import { finish } from './finish.ts';
import { prepare } from './prepare.ts';
import { provision } from './provision.ts';
import { readClusterSettings, REPOSITORY } from './settings.ts';

const COMMANDS: Readonly<Record<string, () => Promise<void>>> = {
  /** Before compose, on the operator's machine. */
  async prepare() {
    const { layout, certificateIsNew } = await prepare(settings(), new Date());
    print(`Keys, passwords and certificates lie in ${layout.root}.\n`);
    if (certificateIsNew) {
      print('The certificate was issued anew: docker compose up -d --force-recreate api-gateway\n');
    }
  },
  /** Within compose, once the database answers. */
  async provision() {
    await provision(process.env);
    print('The database is provisioned.\n');
  },
  /** After compose, once all is healthy. */
  async finish() {
    const known = settings();
    const { layout, credentials } = await prepare(known, new Date());
    await finish(layout, credentials, known, new Date());
    print(banner(layout, { baseUrl: known.baseUrl, hasCredentials: credentials !== undefined }));
  },
  async figures() {
    const known = settings();
    const { layout, credentials } = await prepare(known, new Date());
    if (credentials === undefined) throw new Error('credentials.json was taken away; put it back for this');
    print(await figures(layout, credentials, known));
  },
};

/** As compose does it: what `.env` says, unless the environment says otherwise. */
function settings() {
  try {
    loadEnvFile(join(REPOSITORY, '.env'));
  } catch (error) {
    ignoreAbsence(error);
  }
  return readClusterSettings(process.env);
}

const print = (text: string) => void process.stdout.write(text);

const command = COMMANDS[process.argv[2] ?? ''];
try {
  if (command === undefined) throw new Error(`Say one of: ${Object.keys(COMMANDS).join(', ')}`);
  await command();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : 'failed'}\n`);
  process.exitCode = 1;
}
