import { Line, Members, OrNull, Text, Type, type Static } from '@strongroom/schema/types';
import type { SdkClient, SdkClientRule } from '../../domain/sdk-client.ts';
import type { RuleInput } from '../../operations/sdk-client-rules.ts';
import { Number32 } from './route-parts.ts';

/** Machines and the rules that admit them, on the wire (contract secret-server.md 9). */

const NullableNumber = Type.Union([Number32, Type.Null()]);

export const RuleBody = Members({
  name: Line(256, 1),
  details: OrNull(Text(1_024)),
  requireOnboardingKey: OrNull(Type.Boolean()),
  userId: OrNull(Number32),
});

export const RuleView = Members({
  id: Number32,
  name: Type.String(),
  details: Type.String(),
  requireOnboardingKey: Type.Boolean(),
  userId: NullableNumber,
  userDisplayName: Type.String(),
});

/** A rule demands a key unless it is told not to. */
export const toRuleInput = (body: Static<typeof RuleBody>): RuleInput => ({
  name: body.name,
  details: body.details ?? '',
  requiresKey: body.requireOnboardingKey ?? true,
  userNumber: body.userId ?? null,
});

export const ruleView = (rule: SdkClientRule): Static<typeof RuleView> => ({
  id: rule.id,
  name: rule.name,
  details: rule.details,
  requireOnboardingKey: rule.requiresKey,
  userId: rule.user?.number ?? null,
  userDisplayName: rule.user?.username ?? '',
});

export const RULE_STUB: Static<typeof RuleView> = {
  id: 0,
  name: '',
  details: '',
  requireOnboardingKey: true,
  userId: null,
  userDisplayName: '',
};

const MACHINE = {
  clientId: Type.String(),
  details: Type.String(),
  id: Number32,
  ipAddress: Type.String(),
  name: Type.String(),
  userDisplayName: Type.String(),
  userId: NullableNumber,
};
export const MachineView = Members(MACHINE);
export const RegisteredView = Members({ ...MACHINE, clientSecret: Type.String() });

export const machineView = (client: SdkClient): Static<typeof MachineView> => ({
  clientId: client.clientId,
  details: client.description,
  id: client.id,
  ipAddress: client.ipAddress,
  name: client.name,
  userDisplayName: client.rule.user?.username ?? '',
  userId: client.rule.user?.number ?? null,
});
