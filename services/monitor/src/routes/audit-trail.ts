import { paging } from '@strongroom/http/paging';
import { AUTHENTICATED, ok, route, withPermission, type Route } from '@strongroom/http/route';
import { Choice, Envelope, Line, Members, OrNull, Timestamp, Type } from '@strongroom/schema/types';
import { invalidField } from '@strongroom/errors/common-errors';
import type { MonitorContext } from '../context.ts';
import type { FaultKind } from '../domain/fault.ts';
import { parseInstant } from '../domain/trail-search.ts';
import { verifyTrail } from '../operations/verify-trail.ts';
import { listCheckpoints } from '../store/checkpoints.ts';

const PREFIX = '/monitor-service/api/v1/audit-trail';
const access = withPermission('logs-view', 'logs-manage');
const tag = 'audit trail';

const Position = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
const Bound = OrNull(Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }));
const Instant = OrNull(Timestamp);

const VerificationInput = Members({
  from: Bound,
  to: Bound,
  start_time: Instant,
  end_time: Instant,
  checkpoints: Type.Optional(
    Type.Array(Line(2_000, 1), {
      maxItems: 20,
      description: 'Checkpoints that were kept elsewhere, to compare with',
    }),
  ),
});

const VerificationView = Members({
  intact: Type.Boolean({ description: 'No fault was found in what was examined' }),
  first: Position,
  last: Position,
  batches: Type.Integer(),
  records: Type.Integer(),
  pruned: Type.Integer({ description: 'Records that a signed statement says were dropped by age' }),
  faults: Type.Array(
    Members({
      kind: Choice<FaultKind>(
        'removed',
        'altered',
        'moved',
        'inserted',
        'batch-removed',
        'batch-altered',
        'head-altered',
        'checkpoint-mismatch',
      ),
      position: Type.Integer(),
      batch: Type.Integer(),
    }),
  ),
  more: Type.Boolean({ description: 'There are more faults than are listed' }),
  checked_until: Position,
  next: Type.Optional(
    Type.Integer({ description: '`from` of the next call: one call examines about 50,000 records' }),
  ),
});

const CheckpointView = Members({
  number: Type.Integer(),
  position: Position,
  signed_at: Timestamp,
  checkpoint: Type.String({ description: 'Compact JWS (RFC 7515), EdDSA' }),
});

const KeySet = Members({
  keys: Type.Array(
    Members({
      kty: Type.String(),
      crv: Type.String(),
      x: Type.String(),
      kid: Type.String(),
      alg: Type.String(),
      use: Type.String(),
    }),
  ),
});

type TrailRouteContext = Pick<MonitorContext, 'db' | 'audit' | 'log' | 'chain' | 'statements'>;

/** How the trail proves itself (docs/adr/0019-audit-chain.md). */
export const auditTrailRoutes = (ctx: TrailRouteContext): Route[] => [
  route({
    method: 'post',
    path: `${PREFIX}/verify`,
    operationId: 'verifyAuditTrail',
    tag,
    summary:
      'Examine a range of the audit trail for removed, altered, moved and inserted records. Bounds are positions, or ' +
      'times of recording; they narrow each other, and the range is widened to whole batches. A long range takes ' +
      'several calls: go on from `next` until there is none',
    access,
    body: VerificationInput,
    response: VerificationView,
    async handle({ body, caller, request }) {
      const range = {
        from: body.from ?? undefined,
        to: body.to ?? undefined,
        startTime: parseInstant('start_time', body.start_time),
        endTime: parseInstant('end_time', body.end_time),
      };
      if (range.from !== undefined && range.to !== undefined && range.from > range.to) {
        throw invalidField('from', 'from must not be greater than to', 'VALUE_OUT_OF_BOUNDS');
      }
      const found = await verifyTrail(ctx, caller, request, range, body.checkpoints ?? []);
      return ok({ ...found, checked_until: found.last });
    },
  }),
  route({
    method: 'get',
    path: `${PREFIX}/checkpoints`,
    operationId: 'listAuditCheckpoints',
    tag,
    summary: 'Signed statements of where the audit trail stood, newest first. Keep copies elsewhere',
    access,
    query: Members(paging({ limit: 50, max: 1_000 })),
    response: Envelope(CheckpointView),
    async handle({ query }) {
      const { count, items } = await listCheckpoints(ctx.db, query);
      return ok({
        count,
        items: items.map(({ number, position, signedAt, statement }) => ({
          number,
          position,
          signed_at: signedAt.toISOString(),
          checkpoint: statement,
        })),
      });
    },
  }),
  route({
    method: 'get',
    path: `${PREFIX}/keys`,
    operationId: 'getAuditTrailKeys',
    tag,
    summary: 'The public key by which anyone can check a checkpoint, as a JWK set (RFC 7517)',
    access: AUTHENTICATED,
    response: KeySet,
    handle: () => ok({ keys: [ctx.statements.publicKey] }),
  }),
];
