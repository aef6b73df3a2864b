import { randomUUID } from 'node:crypto';
import type { World } from './postman-collection.ts';
import type { SecretServerPlatform } from './secret-server-platform.ts';

const API = '/SecretServer/api/v1';

/** What the requests of the collection ask for besides secrets: a person's account, a rule with a client, a folder to lose. */
export async function makeWorld(platform: SecretServerPlatform): Promise<World> {
  async function make(path: string, body: unknown): Promise<number> {
    const answer = await platform.client.call('POST', `${API}/${path}`, { body });
    if (answer.status !== 200) throw new Error(`POST ${path}: ${answer.status} ${answer.text}`);
    return Number(answer.body?.['id'] ?? 0);
  }
  const userId = await make('users', {
    userName: 'svc-postman',
    displayName: 'Postman',
    password: 'tall green ladders',
    isApplicationAccount: true,
  });
  await make('sdk-client-accounts/enabled', { enabled: true });
  const ruleId = await make('sdk-client-rules', {
    name: 'postman',
    details: '127.0.0.1',
    requireOnboardingKey: false,
    userId,
  });
  const clientId = await make('sdk-client-accounts', {
    clientId: randomUUID(),
    name: 'Postman',
    description: 'of the rule',
    ruleName: 'postman',
  });
  return {
    baseUrl: `https://${platform.address}${API}`,
    folderId: platform.folder.id,
    emptyFolderId: await make('folders', {
      folderName: 'Empty',
      folderTypeId: 1,
      parentFolderId: platform.folder.id,
    }),
    secretId: platform.secret.id,
    templateId: platform.templateId,
    userId,
    ruleId,
    clientId,
  };
}
