import { AUTHENTICATED, ok, route, type Route } from '@strongroom/http/route';
import { SECRET_SERVER } from '@strongroom/http/secret-server';
import { Page, pageBounds, pageOf, PageQuery, SortQuery } from '@strongroom/http/secret-server-page';
import { Members, Type } from '@strongroom/schema/types';
import { readSecretAudits, type SecretAuditsContext } from '../../operations/read-secret-audits.ts';
import { auditView, AuditView } from './audit-view.ts';

const Query = Members({
  ...PageQuery,
  ...SortQuery,
  // Changes of passwords are among the acts, whoever asks for them or not.
  'filter.includePasswordChangeLog': Type.Optional(Type.Boolean()),
});

/** What of Secret Server's API is about the trail (docs/adr/0040-audits-of-a-secret.md). */
export const secretServerRoutes = (ctx: SecretAuditsContext): Route[] => [
  route({
    method: 'get',
    path: `${SECRET_SERVER.prefix}/api/v1/secrets/:id/audits`,
    operationId: 'secretServerListSecretAudits',
    tag: 'secret-server',
    dialect: SECRET_SERVER,
    summary:
      'What was done with a secret, for those who may read it; the newest first unless asked otherwise',
    access: AUTHENTICATED,
    params: Members({ id: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }) }),
    query: Query,
    response: Page(AuditView),
    async handle({ params, query, caller, request, authorization }) {
      const { count, events } = await readSecretAudits(ctx, caller, { authorization, request }, params.id, {
        ...pageBounds(query),
        descending: query['sortBy[0].direction'] !== 'Asc',
      });
      return ok(pageOf(events.map(auditView), count, query));
    },
  }),
];
