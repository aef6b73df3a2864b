import { randomUUID } from 'node:crypto';
import { randomToken } from '@strongroom/crypto/random';
import { bodyParser } from '@strongroom/schema/parser';
import { Line, Members, type Static, Uuid } from '@strongroom/schema/types';
import { parseFile, readText, SecretText, writeJson } from './secret-file.ts';

/** What an operator's programs need to call the platform; the members are fixed by its users (design section 2). */
const CredentialsFile = Members({
  base_url: Line(300, 1),
  ca_file: Line(4096, 1),
  admin: Members({ username: Line(100, 1), password: SecretText }),
  oauth_client: Members({ id: Line(100, 1), secret: SecretText }),
  api_client: Members({ id: Uuid, secret: SecretText }),
});
export type Credentials = Static<typeof CredentialsFile>;

const parseCredentials = bodyParser(CredentialsFile);

export interface CredentialsOptions {
  /** False once the installation stands: an operator may have taken the file to a safe place. */
  mayMake: boolean;
  baseUrl: string;
  caFile: string;
}

/** `undefined`: the file was taken away. A new address is written into one that is there. */
export async function readOrMakeCredentials(
  file: string,
  { mayMake, baseUrl, caFile }: CredentialsOptions,
): Promise<Credentials | undefined> {
  const text = await readText(file);
  if (text === undefined) {
    if (!mayMake) return undefined;
    const made: Credentials = {
      base_url: baseUrl,
      ca_file: caFile,
      admin: { username: 'admin', password: randomToken() },
      // The id that PrivX's own clients have built in (contract section 13).
      oauth_client: { id: 'privx-external', secret: randomToken() },
      api_client: { id: randomUUID(), secret: randomToken() },
    };
    await writeJson(file, made);
    return made;
  }
  const credentials = parseFile(file, text, parseCredentials);
  if (credentials.base_url === baseUrl && credentials.ca_file === caFile) return credentials;
  // The port or host was set anew, or the directory was moved.
  const moved = { ...credentials, base_url: baseUrl, ca_file: caFile };
  await writeJson(file, moved);
  return moved;
}
