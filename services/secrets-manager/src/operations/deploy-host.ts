import { AUDIT_EVENTS } from '@strongroom/contracts/audit';
import type { Transaction } from '@strongroom/db/database';
import type { SecretsManagerContext } from '../context.ts';
import { ambiguousHost, hostNotFound, notDeployable } from '../domain/errors.ts';
import { searchedParts, type HostDocument } from '../domain/host.ts';
import { findByIdentity } from '../store/host-search.ts';
import { lockHost } from '../store/hosts.ts';
import { lockDeployments } from '../store/deployments.ts';
import { changeSealedOnRecord, type By } from '@strongroom/audit/change-on-record';
import { requireKnownRoles, told } from './hosts.ts';
import { writeHost, type HostInput } from './write-host.ts';

export interface Deployed {
  readonly id: string;
  readonly action: 'CREATE' | 'UPDATE';
}

/**
 * Creates the host, or replaces the one that it is already (docs/adr/0030-hosts.md). Deployments run one after
 * another, so that two of one machine make one host.
 */
export async function deployHost(ctx: SecretsManagerContext, by: By, input: HostInput): Promise<Deployed> {
  await requireKnownRoles(ctx, input.document);
  const newId = ctx.newId();
  let deployed: Deployed = { id: newId, action: 'CREATE' };
  await changeSealedOnRecord(ctx, by, async tx => {
    await lockDeployments(tx);
    const found = await findDeployed(tx, input.document);
    if (found === undefined) {
      deployed = { id: newId, action: 'CREATE' };
      await writeHost(ctx, tx, by, newId, input);
      return { type: AUDIT_EVENTS.hostAdded, message: told({ id: newId, document: input.document }) };
    }
    const before = await lockHost(tx, found);
    if (before === undefined) throw hostNotFound();
    // A machine that registers itself must not take over a host that was not meant for it.
    if (!before.deployable && !by.caller.permissions.has('hosts-manage')) throw notDeployable();
    deployed = { id: before.id, action: 'UPDATE' };
    await writeHost(ctx, tx, by, before.id, input, before);
    return {
      type: AUDIT_EVENTS.hostModified,
      message: told({ id: before.id, document: input.document }),
    };
  });
  return deployed;
}

/** By its external id, else by its instance id, else by an address that it shares with no other. */
async function findDeployed(tx: Transaction, document: HostDocument): Promise<string | undefined> {
  const { external_id: externalId = '', instance_id: instanceId = '' } = document;
  const { addresses } = searchedParts(document);
  const found =
    externalId !== ''
      ? await findByIdentity(tx, { externalId })
      : instanceId !== ''
        ? await findByIdentity(tx, { instanceId })
        : await findByIdentity(tx, { addresses });
  if (found.length > 1) throw ambiguousHost();
  return found[0]?.id;
}
