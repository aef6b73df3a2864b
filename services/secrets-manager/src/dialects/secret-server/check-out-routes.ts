import { AUTHENTICATED, ok, route, type Route } from '@strongroom/http/route';
import { Members, OrNull, Text, Type } from '@strongroom/schema/types';
import { checkIn, extendCheckOut } from '../../operations/check-in.ts';
import { takeAccount } from '../../operations/check-out.ts';
import {
  AccessArgs,
  requireAccount,
  SECRET,
  secretServer,
  summaryOf,
  View,
  type Deps,
} from './route-parts.ts';

const MINUTE_MS = 60_000;
const MAX_MINUTES = 525_600;

/** Who has an account (contract 5, rows 19 to 21). What it is read for is answered by vault. */
export const checkOutRoutes = (deps: Deps): Route[] => [
  route({
    ...secretServer,
    method: 'post',
    path: `${SECRET}/check-out`,
    operationId: 'secretServerCheckOut',
    summary: 'Check the account of a secret out',
    access: AUTHENTICATED,
    response: Members({ responseCodes: Type.Array(Type.String()) }),
    async handle(input) {
      await takeAccount(deps.ctx, input, await requireAccount(deps, input));
      return ok({ responseCodes: [] });
    },
  }),
  route({
    ...secretServer,
    method: 'post',
    path: `${SECRET}/check-in`,
    operationId: 'secretServerCheckIn',
    summary: 'Give the account of a secret back; by force, with hosts-manage, take it from whoever has it',
    access: AUTHENTICATED,
    body: Members(AccessArgs),
    response: View,
    async handle(input) {
      const key = await requireAccount(deps, input);
      await checkIn(deps.ctx, input, key, input.body.forceCheckIn === true);
      return ok(await summaryOf(deps, input));
    },
  }),
  route({
    ...secretServer,
    method: 'post',
    path: `${SECRET}/extend-check-out`,
    operationId: 'secretServerExtendCheckOut',
    summary: 'Have the account for longer, up to what its policy allows',
    access: AUTHENTICATED,
    body: Members({
      data: Members({
        minutesToAdd: OrNull(Type.Integer({ minimum: 1, maximum: MAX_MINUTES })),
        notes: OrNull(Text(2_048)),
      }),
    }),
    response: Members({ checkOutEndTime: Type.String() }),
    async handle(input) {
      const key = await requireAccount(deps, input);
      const { minutesToAdd } = input.body.data;
      const moreMs =
        minutesToAdd === undefined || minutesToAdd === null ? undefined : minutesToAdd * MINUTE_MS;
      const until = await extendCheckOut(deps.ctx, input, key, moreMs);
      // The dialect's times: UTC, without saying so.
      return ok({ checkOutEndTime: until.toISOString().slice(0, 19) });
    },
  }),
];
