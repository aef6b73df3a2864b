import { AUDIT_EVENTS } from '@strongroom/contracts/audit';
import { repeatEvery } from '@strongroom/service/repeat-every';
import type { SecretsManagerContext } from '../context.ts';
import { attributesToRead, readAccount } from '../domain/scanned-account.ts';
import { inOrder, isLdap, type Endpoint } from '../domain/target-domain.ts';
import { putFoundAccounts, settleFoundAccounts } from '../store/scanned-accounts.ts';
import { finishScan, releaseScan, renewScan, type ScanClaim } from '../store/scans.ts';
import { attempt } from '../targets/attempt.ts';
import { openLdap } from '../targets/ldap-connection.ts';
import { USUAL_FILTER } from '../targets/account-filter.ts';
import { parseFilter } from '../targets/ldap-filter.ts';
import { ldapPlace } from '../targets/ldap-place.ts';
import { TargetError } from '../targets/target-error.ts';
import { onboardFound } from './onboard-found.ts';
import { SCAN_LEASE_MS, ScanLost } from './scan-lease.ts';
import { openEndpointSecrets } from './endpoint-secrets.ts';
import { told } from './target-domains.ts';

/** Why there is no point in trying another endpoint. */
class ScanStopped extends Error {
  override readonly name = 'ScanStopped';
}

export interface ScanLimits {
  readonly maxAccounts: number;
  /** Of one endpoint, from the look-up of its name to the last account. */
  readonly deadlineMs: number;
  /** How long a directory may say nothing while it owes an answer. */
  readonly silenceMs: number;
}

const LIMITS: ScanLimits = { maxAccounts: 200_000, deadlineMs: 3_600_000, silenceMs: 60_000 };

/** As Active Directory's own default; more is refused there. */
const PAGE_SIZE = 1_000;

const RENEW_MS = 20_000;
/** What nobody foresaw may well happen again. */
const RETRY_MS = 60_000;

/**
 * Looks through a directory from its beginning and keeps what it finds page by page. Only at the end is anything said
 * to be gone, so a scan that breaks off leaves what was known. Rejects with what nobody foresaw; the scan is then
 * taken up again.
 */
export async function scanDomain(
  ctx: SecretsManagerContext,
  claim: ScanClaim,
  actor: string,
  signal: AbortSignal,
  limits: ScanLimits = LIMITS,
): Promise<void> {
  const lost = new AbortController();
  const stopRenewing = repeatEvery(
    RENEW_MS,
    async () => {
      if (!(await renewScan(ctx.db, claim, SCAN_LEASE_MS))) lost.abort();
    },
    // The next round renews it, or somebody else has it by then.
    () => undefined,
  );
  const by = claim.requestedBy ?? actor;
  try {
    const ended = await lookThrough(ctx, claim, by, AbortSignal.any([signal, lost.signal]), limits);
    if (ended.isDone) {
      const managed = await onboardFound(ctx, claim, by);
      await succeed(ctx, claim, by, { managed, unusable: ended.unusable });
    } else {
      await fail(ctx, claim, ended.message);
    }
  } catch (error) {
    if (lost.signal.aborted) throw new ScanLost();
    await releaseScan(ctx.db, claim, signal.aborted ? 0 : RETRY_MS);
    throw error;
  } finally {
    await stopRenewing();
  }
}

type Ended =
  { readonly isDone: true; readonly unusable: number } | { readonly isDone: false; readonly message: string };

/** The first endpoint, by its priority, through which the whole directory can be seen is enough. */
async function lookThrough(
  ctx: SecretsManagerContext,
  claim: ScanClaim,
  by: string,
  signal: AbortSignal,
  limits: ScanLimits,
): Promise<Ended> {
  const { domain } = claim;
  if (domain.endpoints.length === 0) return { isDone: false, message: 'the target domain has no endpoint' };
  const secrets = await openEndpointSecrets(ctx.keyring, domain);
  const failures: string[] = [];
  for (const { endpoint, index } of inOrder(domain.endpoints, 'scan_priority')) {
    try {
      const password = secrets[index]?.ldap_bind_password ?? '';
      return {
        isDone: true,
        unusable: await scanEndpoint(ctx, claim, by, endpoint, password, signal, limits),
      };
    } catch (error) {
      if (error instanceof ScanStopped) return { isDone: false, message: error.message };
      if (!(error instanceof TargetError) || signal.aborted) throw error;
      const { code } = error.details;
      failures.push(`endpoints.${index}: ${error.message}${code === undefined ? '' : ` (${code})`}`);
    }
  }
  return { isDone: false, message: failures.join('; ') };
}

/** How many entries had no name by which anybody could use them. */
async function scanEndpoint(
  ctx: SecretsManagerContext,
  claim: ScanClaim,
  by: string,
  endpoint: Endpoint,
  password: string,
  signal: AbortSignal,
  { maxAccounts, deadlineMs, silenceMs }: ScanLimits,
): Promise<number> {
  if (!isLdap(endpoint)) throw new TargetError('scan-unsupported');
  const place = ldapPlace(endpoint);
  const mapping = endpoint.attribute_mapping ?? {};
  const filter = parseFilter(given(endpoint.ldap_user_filter, USUAL_FILTER));
  if (filter === undefined) throw new TargetError('search-refused');
  const network = { allowLoopback: ctx.rotation.allowLoopback };
  return attempt(place, network, { deadlineMs, signal }, async ({ socket }) => {
    const ldap = await openLdap(socket, { ...place, silenceMs });
    const name = endpoint.ldap_bind_dn ?? '';
    // Without a name it is looked through as nobody in particular.
    if (name !== '') await ldap.bind(name, password);
    const base = endpoint.ldap_base_dn ?? '';
    const attributes = attributesToRead(mapping);
    let [found, unusable] = [0, 0];
    for await (const page of ldap.search({ base, scope: 'sub', filter, attributes }, PAGE_SIZE)) {
      found += page.length;
      if (found > maxAccounts) throw tooMany(maxAccounts);
      const read = page.map(entry => readAccount(entry, mapping)).filter(account => account !== undefined);
      unusable += page.length - read.length;
      // A statement cannot write a row twice, and a directory may say anything.
      const accounts = [...new Map(read.map(account => [account.sourceId, account])).values()];
      await ctx.db.transaction(async tx => {
        if (!(await renewScan(tx, claim, SCAN_LEASE_MS))) throw new ScanLost();
        const rows = accounts.map(account => ({ ...account, id: ctx.newId() }));
        await putFoundAccounts(tx, claim, rows, { at: ctx.now(), by });
      });
    }
    ldap.unbind();
    return unusable;
  });
}

const tooMany = (most: number) =>
  new ScanStopped(
    `more than ${most} accounts match, which is more than a target domain may have; ldap_user_filter or ` +
      'ldap_base_dn can name fewer',
  );

const given = (text: string | undefined, otherwise: string): string =>
  text === undefined || text === '' ? otherwise : text;

async function succeed(
  ctx: SecretsManagerContext,
  claim: ScanClaim,
  by: string,
  { managed, unusable }: { managed: number; unusable: number },
): Promise<void> {
  await ctx.db.transaction(async tx => {
    const at = ctx.now();
    const message = unusable === 0 ? '' : `${unusable} entries without a usable name were left out`;
    if (!(await finishScan(tx, claim, { status: 'OK', message, at }))) throw new ScanLost();
    const { found, added, removed } = await settleFoundAccounts(tx, claim, { at, by });
    await ctx.audit.append(tx, {
      type: AUDIT_EVENTS.scanCompleted,
      message: {
        ...told(claim.domain),
        requestedBy: by,
        found: String(found),
        new: String(added),
        removed: String(removed),
        onboarded: String(managed),
      },
    });
  });
  ctx.ring();
}

async function fail(ctx: SecretsManagerContext, claim: ScanClaim, message: string): Promise<void> {
  await ctx.db.transaction(async tx => {
    if (!(await finishScan(tx, claim, { status: 'ERROR', message, at: null }))) throw new ScanLost();
    await ctx.audit.append(tx, {
      type: AUDIT_EVENTS.scanFailed,
      message: { ...told(claim.domain), reason: message },
    });
  });
  ctx.ring();
}
