import { randomUUID } from 'node:crypto';

const PASSWORD = 'tall green ladders';

/** What the placeholders of the collection stand for on a platform of one's own. */
export interface World {
  readonly baseUrl: string;
  readonly folderId: number;
  /** That may be deleted. */
  readonly emptyFolderId: number;
  readonly secretId: number;
  readonly templateId: number;
  readonly userId: number;
  readonly ruleId: number;
  readonly clientId: number;
}

interface PostmanRequest {
  readonly method: string;
  readonly header: unknown[];
  readonly body?: { readonly mode: string };
  readonly url: { readonly path: readonly string[] };
}

/** A request of the collection. */
export interface Listed {
  readonly group: string;
  readonly name: string;
  readonly method: string;
  /** Below `/api/v1`, with names for ids. */
  readonly path: string;
  readonly header: unknown[];
  /** Body of the example that the collection has for 200; undefined: it has none. */
  readonly example: unknown;
}

interface Group {
  readonly name: string;
  readonly item: readonly {
    readonly name: string;
    readonly request: PostmanRequest;
    readonly response: readonly { readonly code: number; readonly body?: string }[];
  }[];
}

export function requestsOf(text: string): Listed[] {
  const { item: groups } = JSON.parse(text) as { item: readonly Group[] };
  return groups.flatMap(group =>
    group.item.map(({ name, request, response }) => ({
      group: group.name,
      name,
      method: request.method,
      path: request.url.path.join('/'),
      header: request.header,
      example: exampleOf(response.find(({ code }) => code === 200)?.body),
    })),
  );
}

const exampleOf = (body: string | undefined): unknown =>
  body === undefined || body === '' ? undefined : (JSON.parse(body) as unknown);

/**
 * What is sent instead of placeholders such as `<integer>`: where all are filled with something, nothing is asked for that
 * makes sense. By method and path; a query, a body or both.
 */
const fillings = ({ folderId, secretId, templateId, userId }: World): Readonly<Record<string, Filling>> => {
  const dirty = (value: unknown) => ({ dirty: true, value });
  const item = { slug: 'username', itemValue: 'bob' };
  const newSecret = {
    name: 'Made by Postman',
    secretTemplateId: templateId,
    folderId,
    siteId: 1,
    items: [item],
  };
  const told = { comment: 'by Postman', ticketNumber: 'T-1' };
  return {
    'GET folders': { query: 'filter.searchText=Python&take=5' },
    'POST folders': { body: { folderName: 'Postman', folderTypeId: 1, parentFolderId: folderId } },
    'PUT folders/:id': {
      body: { id: folderId, folderTypeId: 1, folderName: 'Python', inheritPermissions: false },
    },
    'PATCH folder/:id': { body: { data: { folderName: dirty('Python') } } },
    'GET folders/lookup': { query: 'filter.searchText=Python&take=5' },
    'GET secrets': { query: 'filter.searchText=Example&take=5' },
    'GET secrets/lookup': { query: 'filter.searchText=Example&take=5' },
    'GET secrets/search-total': { query: 'filter.searchText=Example' },
    'GET secrets/stub': { query: `secretTemplateId=${templateId}&folderId=${folderId}` },
    'POST secrets': { body: newSecret },
    'PUT secrets/:id': { body: { id: secretId, name: 'Example', folderId, siteId: 1, items: [item] } },
    'GET secrets/:id/audits': { query: 'take=5&sortBy[0].direction=desc' },
    'PUT secrets/:id/expiration': {
      body: { data: { expirationType: dirty('SpecificDate'), expirationDate: dirty('2040-01-01T00:00:00') } },
    },
    'POST secrets/:id/expire': { body: told },
    'PUT secrets/:id/fields/:slug': { body: { value: 'carol' } },
    'PATCH secrets/:id/general': { body: { data: { name: dirty('Example') } } },
    'PATCH secrets/:id/email': { body: { data: { sendEmailWhenViewed: dirty(false) } } },
    'PATCH secrets/:id/security-checkout': { body: { data: { checkOutEnabled: dirty(false) } } },
    'PATCH secrets/:id/security-general': { body: { data: { requiresComment: dirty(false) } } },
    'POST secrets/:id/restricted': { body: told },
    'POST secrets/:id/restricted/fields/:slug': { body: told },
    'POST secrets/:secretId/favorite': { body: { isFavorite: true } },
    'POST secret-access-requests/secrets/:id/view-comment': { body: told },
    'POST users': {
      body: { userName: 'svc-other', displayName: 'Other', password: PASSWORD, isApplicationAccount: true },
    },
    'PUT users/:id': { body: { id: userId, displayName: 'Postman', enabled: true } },
    'PATCH users/:id': { body: { data: { displayName: dirty('Postman') } } },
    'POST users/:userId/password-reset': { body: { data: { userId, password: `${PASSWORD} too` } } },
    'POST sdk-client-rules': {
      body: { name: 'other', details: '127.0.0.1', requireOnboardingKey: true, userId },
    },
    'PUT sdk-client-rules/:id': {
      body: { name: 'postman', details: '127.0.0.1', requireOnboardingKey: true, userId },
    },
    'POST sdk-client-accounts': {
      body: { name: 'two', description: 'two', ruleName: 'postman', clientId: randomUUID() },
    },
    'PUT sdk-client-accounts/:id': { body: { name: 'Postman' } },
    'GET secret-templates': { query: 'filter.searchText=Password&take=5' },
  };
};

interface Filling {
  readonly query?: string;
  readonly body?: unknown;
}

/** Items as newman runs them, each with its place in the list as its name. */
export function fill(requests: readonly Listed[], world: World): unknown[] {
  const filled = fillings(world);
  const passwordField = world.templateId * 256 + 3;
  const ofGroup: Readonly<Record<string, number>> = {
    Folders: world.folderId,
    SecretTemplates: world.templateId,
    Users: world.userId,
    SdkClientRules: world.ruleId,
    SdkClientAccounts: world.clientId,
  };
  const ids: Readonly<Record<string, number | string>> = {
    ':secretId': world.secretId,
    ':templateId': world.templateId,
    ':userId': world.userId,
    ':secretfieldId': passwordField,
    ':slug': 'username',
  };
  return requests.map(({ group, method, path, header }, index) => {
    const { query, body } = filled[`${method} ${path}`] ?? {};
    const own =
      `${method} ${path}` === 'DELETE folders/:id' ? world.emptyFolderId : (ofGroup[group] ?? world.secretId);
    const target = path.replace(/:\w+/g, name => String(ids[name] ?? own));
    const hasBody = method !== 'GET' && method !== 'DELETE';
    return {
      name: String(index),
      request: {
        method,
        header: hasBody ? [{ key: 'Content-Type', value: 'application/json' }] : header,
        url: `${world.baseUrl}/${target}${query === undefined ? '' : `?${query}`}`,
        ...(hasBody ? { body: { mode: 'raw', raw: JSON.stringify(body ?? {}) } } : {}),
      },
    };
  });
}

/** What takes things away comes last, and the end of the session after it: the rest needs them. */
export const order = ({ method, path }: Listed): number =>
  path === 'oauth-expiration'
    ? 3
    : path.endsWith('/undelete')
      ? 2
      : method === 'DELETE' || path.endsWith('/revoke')
        ? 1
        : 0;
