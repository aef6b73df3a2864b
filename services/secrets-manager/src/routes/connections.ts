import { isDescending, paging, SortDirection } from '@strongroom/http/paging';
import { ok, route, withPermission, type Route } from '@strongroom/http/route';
import {
  Choice,
  Envelope,
  Line,
  Members,
  OrNull,
  Timestamp,
  Type,
  Uuid,
  type Static,
} from '@strongroom/schema/types';
import { connectionNotFound } from '../domain/errors.ts';
import type { SecretsManagerContext } from '../context.ts';
import {
  ANY_CONNECTION,
  searchConnections,
  type Connection,
  type ConnectionFilter,
} from '../store/connections.ts';
import { CONNECTION_MANAGER } from './access.ts';
import { Flag, Label, List, withoutNulls } from './wire-types.ts';

/**
 * Who had which account when, in the words of PrivX's connection manager (contract 11.2). This platform opens no
 * connections: what it gives out are passwords, and their times are told (docs/adr/0045-connections.md).
 */

const CONNECTIONS = `${CONNECTION_MANAGER}/connections`;
const VIEW = withPermission('connections-view', 'connections-manage');
const tag = 'connections';

const TYPE = 'CHECKOUT' as const;
const MODE = 'PASSWORD' as const;
const [ONGOING, OVER] = ['CONNECTED', 'DISCONNECTED'] as const;

const ConnectionView = Members({
  id: Uuid,
  type: Choice(TYPE),
  mode: Choice(MODE),
  authentication_method: Type.Array(Choice(MODE)),
  user: Members({ id: Type.String(), display_name: Type.String() }),
  target_host: Members({ id: Uuid, common_name: Type.String() }),
  target_host_address: Type.String(),
  target_host_account: Type.String(),
  connected: Timestamp,
  disconnected: Type.Optional(Timestamp),
  duration: Type.Integer({ description: 'Seconds, up to now where it goes on' }),
  status: Choice(ONGOING, OVER),
  audit_enabled: Type.Boolean(),
  created: Timestamp,
});

const Query = Members({
  ...paging({ limit: 50, max: 1_000 }),
  sortkey: Type.Optional(Choice('connected', 'created')),
  sortdir: Type.Optional(SortDirection),
  fuzzycount: Type.Optional(Type.Boolean()),
  verbose: Type.Optional(Type.Boolean()),
});

const Texts = List(Line(1_024), 1_000);
const Ids = List(Uuid, 1_000);
const Moment = OrNull(Type.Union([Timestamp, Type.Literal('')]));
/** Go's SDK has no names for its members and sends them with a capital. */
const Range = OrNull(Members({ start: Moment, end: Moment, Start: Moment, End: Moment }));

const known = {
  id: Ids,
  user_id: Texts,
  user_display_name: Texts,
  target_host_id: Ids,
  target_host_common_name: Texts,
  target_host_address: Texts,
  target_host_account: Texts,
  keywords: Label,
  connected: Range,
  disconnected: Range,
  status: Texts,
  type: Texts,
  mode: Texts,
  authentication_method: Texts,
  has_access_roles: Flag,
};
/** What no connection has here: whoever asks for a value of these finds none. */
const absent = {
  proxy_id: Texts,
  user_agent: Texts,
  user_roles: Texts,
  target_host_roles: Texts,
  remote_address: Texts,
  force_disconnect: Texts,
  access_roles: Texts,
  tags: Texts,
  session_id: Label,
  last_activity: Range,
};
const Search = Members({ ...known, ...absent });
type Given = ReturnType<typeof withoutNulls<Static<typeof Search>>>;

export const connectionRoutes = (ctx: Pick<SecretsManagerContext, 'db' | 'now'>): Route[] => {
  async function page(query: Static<typeof Query>, filter: ConnectionFilter | undefined) {
    if (filter === undefined) return ok({ count: 0, items: [] });
    const now = ctx.now();
    const bounds = { descending: isDescending(query.sortdir), offset: query.offset, limit: query.limit };
    const { count, connections } = await searchConnections(ctx.db, now, filter, bounds);
    return ok({ count, items: connections.map(connection => view(connection, now)) });
  }
  return [
    route({
      method: 'get',
      path: CONNECTIONS,
      operationId: 'listConnections',
      tag,
      summary: 'Who had which account when, the earliest first',
      access: VIEW,
      query: Query,
      response: Envelope(ConnectionView),
      handle: ({ query }) => page(query, ANY_CONNECTION),
    }),
    route({
      method: 'post',
      path: `${CONNECTIONS}/search`,
      operationId: 'searchConnections',
      tag,
      summary: 'The same of these people, accounts, hosts and times',
      access: VIEW,
      query: Query,
      body: Search,
      response: Envelope(ConnectionView),
      handle: ({ query, body }) => page(query, toFilter(withoutNulls(body))),
    }),
    route({
      method: 'get',
      path: `${CONNECTIONS}/:id`,
      operationId: 'getConnection',
      tag,
      summary: 'One of them',
      access: VIEW,
      params: Members({ id: Uuid }),
      query: Members({ verbose: Type.Optional(Type.Boolean()) }),
      response: ConnectionView,
      handle: async ({ params }) => {
        const now = ctx.now();
        const one = { descending: false, offset: 0, limit: 1 };
        const filter = { ...ANY_CONNECTION, ids: [params.id] };
        const [connection] = (await searchConnections(ctx.db, now, filter, one)).connections;
        if (connection === undefined) throw connectionNotFound();
        return ok(view(connection, now));
      },
    }),
  ];
};

/** Undefined: what is asked for is of a kind that none of them is. */
function toFilter(given: Given): ConnectionFilter | undefined {
  const isAnother = (list: readonly string[] | undefined, own: string) =>
    list !== undefined && list.length > 0 && !list.includes(own);
  const asked = Object.keys(absent).some(name => isStated(given[name as keyof typeof absent]));
  if (asked || given.has_access_roles === true) return undefined;
  const { type, mode, authentication_method: method, status } = given;
  if (isAnother(type, TYPE) || isAnother(mode, MODE) || isAnother(method, MODE)) return undefined;
  if (isAnother(status, ONGOING) && isAnother(status, OVER)) return undefined;
  const both = status === undefined || (status.includes(ONGOING) && status.includes(OVER));
  return {
    ids: listed(given.id),
    userIds: listed(given.user_id),
    userNames: listed(given.user_display_name),
    systemIds: listed(given.target_host_id),
    systemNames: listed(given.target_host_common_name),
    addresses: listed(given.target_host_address),
    accounts: listed(given.target_host_account),
    words: listed(
      (given.keywords ?? '')
        .toLowerCase()
        .split(/\s+/)
        .filter(word => word !== ''),
    ),
    isOngoing: both || status.length === 0 ? null : status.includes(ONGOING),
    connectedFrom: moment(given.connected?.start, given.connected?.Start),
    connectedTo: moment(given.connected?.end, given.connected?.End),
    disconnectedFrom: moment(given.disconnected?.start, given.disconnected?.Start),
    disconnectedTo: moment(given.disconnected?.end, given.disconnected?.End),
  };
}

const isStated = (value: unknown): boolean =>
  typeof value === 'object' && value !== null
    ? Object.values(value).some(isStated)
    : value !== undefined && value !== '';

const listed = (list: readonly string[] | undefined): readonly string[] | null =>
  list === undefined || list.length === 0 ? null : list;

const moment = (...given: (string | undefined)[]): string | null =>
  given.find(each => each !== undefined && each !== '') ?? null;

function view(connection: Connection, now: Date): Static<typeof ConnectionView> {
  const { connectedAt, disconnectedAt } = connection;
  return {
    id: connection.id,
    type: TYPE,
    mode: MODE,
    authentication_method: [MODE],
    user: { id: connection.userId, display_name: connection.userName },
    target_host: { id: connection.systemId, common_name: connection.systemName },
    target_host_address: connection.address,
    target_host_account: connection.account,
    connected: connectedAt.toISOString(),
    ...(disconnectedAt === null ? {} : { disconnected: disconnectedAt.toISOString() }),
    duration: Math.max(0, Math.floor(((disconnectedAt ?? now).getTime() - connectedAt.getTime()) / 1_000)),
    status: disconnectedAt === null ? ONGOING : OVER,
    audit_enabled: false,
    created: connectedAt.toISOString(),
  };
}
