import { changeOnRecord, changeSealedOnRecord, type By } from '@strongroom/audit/change-on-record';
import { AUDIT_EVENTS } from '@strongroom/contracts/audit';
import type { Transaction } from '@strongroom/db/database';
import { invalidField } from '@strongroom/errors/common-errors';
import type { SecretsManagerContext } from '../context.ts';
import { domainDisabled, targetDomainNotFound } from '../domain/errors.ts';
import { oneOf } from '../domain/host-secret.ts';
import {
  ENDPOINT_TYPES,
  isLdap,
  settleEndpoints,
  type Endpoint,
  type TargetDomain,
  type TargetDomainSettings,
} from '../domain/target-domain.ts';
import { findPasswordPolicy } from '../store/password-policies.ts';
import { deleteScannedAccounts } from '../store/scanned-accounts.ts';
import { requestScan as requestRow, stopScan } from '../store/scans.ts';
import {
  deleteTargetDomain as deleteRow,
  insertTargetDomain,
  lockTargetDomain,
  updateTargetDomain as updateRow,
} from '../store/target-domains.ts';
import { parseFilter } from '../targets/ldap-filter.ts';
import { LDAP_PROTOCOLS } from '../targets/ldap-place.ts';
import { openEndpointSecrets, sealEndpointSecrets } from './endpoint-secrets.ts';
import { requireSettled } from './require-settled.ts';

export async function createTargetDomain(
  ctx: SecretsManagerContext,
  by: By,
  settings: TargetDomainSettings,
): Promise<string> {
  settings.endpoints.forEach(requireUsable);
  const id = ctx.newId();
  await changeSealedOnRecord(ctx, by, async tx => {
    await requireKnownPolicy(tx, settings);
    const settled = settleEndpoints(settings.endpoints);
    const now = ctx.now();
    await insertTargetDomain(tx, {
      ...settings,
      id,
      endpoints: settled.endpoints,
      sealedEndpointSecrets: sealEndpointSecrets(ctx.keyring, id, settled.secrets),
      createdAt: now,
      createdBy: by.caller.id,
      updatedAt: now,
      updatedBy: by.caller.id,
    });
    return { type: AUDIT_EVENTS.targetDomainAdded, message: told({ id, name: settings.name }) };
  });
  return id;
}

/** Replaces what the body says of it; what scans found stays. */
export async function updateTargetDomain(
  ctx: SecretsManagerContext,
  by: By,
  id: string,
  settings: TargetDomainSettings,
): Promise<void> {
  settings.endpoints.forEach(requireUsable);
  await changeSealedOnRecord(ctx, by, async tx => {
    const before = await lockTargetDomain(tx, id);
    if (before === undefined) throw targetDomainNotFound();
    await requireKnownPolicy(tx, settings);
    const settled = settleEndpoints(settings.endpoints, {
      endpoints: before.endpoints,
      secrets: await openEndpointSecrets(ctx.keyring, before),
    });
    await updateRow(tx, {
      ...settings,
      id,
      endpoints: settled.endpoints,
      sealedEndpointSecrets: sealEndpointSecrets(ctx.keyring, id, settled.secrets),
      updatedAt: ctx.now(),
      updatedBy: by.caller.id,
    });
    if (!settings.enabled) await stopScan(tx, id);
    return { type: AUDIT_EVENTS.targetDomainModified, message: told({ id, name: settings.name }) };
  });
}

export async function deleteTargetDomain(ctx: SecretsManagerContext, by: By, id: string): Promise<void> {
  await changeOnRecord(ctx, by, async tx => {
    const domain = await lockTargetDomain(tx, id);
    if (domain === undefined) throw targetDomainNotFound();
    await requireSettled(tx, id);
    await deleteScannedAccounts(tx, id);
    await deleteRow(tx, id);
    return { type: AUDIT_EVENTS.targetDomainRemoved, message: told(domain) };
  });
}

/** Has the directory looked through as soon as somebody has room; while it is, once more after that. */
export async function requestScan(ctx: SecretsManagerContext, by: By, id: string): Promise<void> {
  await changeOnRecord(ctx, by, async tx => {
    const domain = await lockTargetDomain(tx, id);
    if (domain === undefined) throw targetDomainNotFound();
    if (!domain.enabled) throw domainDisabled();
    await requestRow(tx, id, by.caller.id);
    return { type: AUDIT_EVENTS.scanRequested, message: told(domain) };
  });
}

export const told = ({ id, name }: Pick<TargetDomain, 'id' | 'name'>) => ({
  targetDomainID: id,
  targetDomain: name,
});

async function requireKnownPolicy(
  tx: Transaction,
  { autoOnboarding, autoOnboardingPolicyId: policyId }: TargetDomainSettings,
): Promise<void> {
  const property = 'auto_onboarding_policy.id';
  if (policyId === null) {
    if (autoOnboarding) {
      throw invalidField(
        property,
        'Accounts are managed by themselves under a policy only',
        'REQUIRED_VALUE_MISSING',
      );
    }
    return;
  }
  if ((await findPasswordPolicy(tx, policyId)) === undefined) {
    throw invalidField(property, 'No password policy has this id');
  }
}

const ATTRIBUTE = /^(?:[A-Za-z][A-Za-z0-9-]*|\d+(?:\.\d+)+)(?:;[A-Za-z0-9-]+)*$/;

/** What would only be found wrong by a scan at night. */
function requireUsable(endpoint: Endpoint, index: number): void {
  const at = (member: string) => `endpoints.${index}.${member}`;
  oneOf(ENDPOINT_TYPES, endpoint.type, at('type'));
  if (!isLdap(endpoint)) return;
  oneOf(LDAP_PROTOCOLS, endpoint.ldap_protocol, at('ldap_protocol'), 'LDAPS');
  if ((endpoint.ldap_address ?? '') === '') {
    throw invalidField(at('ldap_address'), 'ldap_address is required', 'REQUIRED_VALUE_MISSING');
  }
  const filter = endpoint.ldap_user_filter ?? '';
  if (filter !== '' && parseFilter(filter) === undefined) {
    throw invalidField(
      at('ldap_user_filter'),
      'ldap_user_filter is not a search filter (RFC 4515)',
      'VALUE_INCORRECT_FORMAT',
    );
  }
  for (const attribute of Object.values(endpoint.attribute_mapping ?? {})) {
    if (attribute !== '' && !ATTRIBUTE.test(attribute)) {
      throw invalidField(
        at('attribute_mapping'),
        'attribute_mapping must map to names of LDAP attributes',
        'VALUE_INCORRECT_FORMAT',
      );
    }
  }
}
