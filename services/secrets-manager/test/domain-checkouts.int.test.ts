import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { SecretsManagerContext } from '../src/context.ts';
import { domainAccount, type AccountKey } from '../src/domain/account-path.ts';
import { credentialName } from '../src/domain/credential-names.ts';
import { accountOfSecret } from '../src/operations/account-of-secret.ts';
import { checkIn } from '../src/operations/check-in.ts';
import { checkOut } from '../src/operations/check-out.ts';
import { deleteManagedAccounts, editManagedAccounts } from '../src/operations/managed-accounts.ts';
import { listCheckouts, readCheckout } from '../src/operations/read-checkout.ts';
import { readCustody } from '../src/operations/read-custody.ts';
import { releaseCheckout } from '../src/operations/release-checkout.ts';
import { createManagedAccount } from '../src/operations/take-up-accounts.ts';
import { createTargetDomain } from '../src/operations/target-domains.ts';
import { addPolicy, person, startCheckoutPlatform, type CheckoutPlatform } from './checkout-support.ts';

/** What is different about checkouts of accounts in target domains (checkouts.int.test.ts has the rest). */

const ROLE = randomUUID();
const alice = person([ROLE]);
const nobody = person([randomUUID()]);
const ofHosts = person([], ['hosts-manage']);
const ofDomains = person([], ['target-domains-manage']);
const PAGE = { descending: false, offset: 0, limit: 10 };

let platform: CheckoutPlatform;
let ctx: SecretsManagerContext;

beforeAll(async () => {
  platform = await startCheckoutPlatform();
  ({ ctx } = await platform.replica());
});
afterAll(() => platform.stop());

/** A managed account that alice may use, under a policy that rotates on release. */
async function add(rotationEnabled = true): Promise<{ key: AccountKey; id: string; domain: string }> {
  const domain = await createTargetDomain(ctx, ofDomains.by, {
    name: `domain ${randomUUID()}`,
    domainName: '',
    enabled: true,
    periodicScan: false,
    periodicScanInterval: 60,
    autoOnboarding: false,
    autoOnboardingPolicyId: null,
    endpoints: [],
    comment: '',
  });
  const passwordPolicyId = await addPolicy(ctx, { rotateOnRelease: true });
  const id = await createManagedAccount(
    ctx,
    ofDomains.by,
    domain,
    { username: 'app', email: 'app@mail.test', fullName: 'The App' },
    { settings: { passwordPolicyId, rotationEnabled, roles: [ROLE] }, rotate: false },
  );
  const key = domainAccount(domain, 'app');
  platform.vault.put(key, 'plum-1');
  return { key, id, domain };
}

const absent = { kind: 'not_found' };
const unfinished = (systemId: string) =>
  platform.superuser.query('SELECT trigger FROM rotations WHERE system_id = $1 AND finished_at IS NULL', [
    systemId,
  ]);

test('who has the role gets it, with what is known of the account', async () => {
  const { key, id } = await add();
  const { checkout, handle, passwords } = await checkOut(ctx, alice.by, key);
  expect(passwords).toMatchObject([{ version: 1, password: 'plum-1' }]);
  expect(handle).toMatchObject({ managedAccountId: id, email: 'app@mail.test', fullName: 'The App' });
  await expect(checkOut(ctx, nobody.by, key)).rejects.toMatchObject(absent);
  await releaseCheckout(ctx, alice.by, checkout.id);
  expect(await unfinished(key.systemId)).toEqual([{ trigger: 'release' }]);
  const told = (await platform.records()).filter(({ message }) => message['targetDomainID'] === key.systemId);
  expect(told.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['Account-checked-out', 'Checkout-refused', 'Checkout-released']),
  );
});

test('who looks after the other kind of accounts neither sees nor takes it', async () => {
  const { key } = await add();
  const { checkout } = await checkOut(ctx, alice.by, key);
  const listed = async (by: typeof alice) =>
    (await listCheckouts(ctx, by.by.caller, PAGE)).checkouts.map(each => each.checkout.id);
  expect(await listed(ofHosts)).not.toContain(checkout.id);
  expect(await listed(ofDomains)).toContain(checkout.id);
  await expect(readCheckout(ctx, ofHosts.by, checkout.id)).rejects.toMatchObject(absent);
  await expect(releaseCheckout(ctx, ofHosts.by, checkout.id)).rejects.toMatchObject(absent);
  await expect(checkIn(ctx, ofHosts.by, key, true)).rejects.toMatchObject(absent);
  expect(await readCustody(ctx, ofHosts.by.caller, key)).toBeUndefined();
  expect(await readCustody(ctx, ofDomains.by.caller, key)).toMatchObject({ mayManage: true, mayUse: false });
  expect(await readCheckout(ctx, ofDomains.by, checkout.id)).toMatchObject({ passwords: [] });
  await checkIn(ctx, ofDomains.by, key, true);
  expect(await readCheckout(ctx, alice.by, checkout.id)).toMatchObject({
    checkout: { state: 'releasing' },
    passwords: [],
  });
});

describe('an account', () => {
  test('whose rotation is off is free when it is given back, with the password that it had', async () => {
    const { key } = await add(false);
    const { checkout } = await checkOut(ctx, alice.by, key);
    await releaseCheckout(ctx, alice.by, checkout.id);
    expect(await readCheckout(ctx, alice.by, checkout.id)).toMatchObject({ checkout: { state: 'released' } });
    expect(await unfinished(key.systemId)).toEqual([]);
  });

  test.each([
    ['it is disabled', 'UPDATE managed_accounts SET enabled = false WHERE domain_id = $1'],
    ['its domain is disabled', 'UPDATE target_domains SET enabled = false WHERE id = $1'],
    ['the role is taken away', `UPDATE managed_accounts SET roles = '{}' WHERE domain_id = $1`],
  ])('shows no password, and is given to nobody, once %s', async (_, statement) => {
    const { key } = await add();
    const { checkout } = await checkOut(ctx, alice.by, key);
    await platform.superuser.query(statement, [key.systemId]);
    expect(await readCheckout(ctx, alice.by, checkout.id)).toMatchObject({ passwords: [] });
    await expect(checkOut(ctx, alice.by, key)).rejects.toMatchObject(absent);
  });

  test('that is managed no longer is known to have been given out', async () => {
    const { key, id, domain } = await add();
    const { checkout } = await checkOut(ctx, alice.by, key);
    await deleteManagedAccounts(ctx, ofDomains.by, domain, [id]);
    expect(await readCheckout(ctx, alice.by, checkout.id)).toMatchObject({
      checkout: { state: 'held' },
      handle: { managedAccountId: null },
      passwords: [],
    });
    await releaseCheckout(ctx, alice.by, checkout.id);
    expect(await readCheckout(ctx, alice.by, checkout.id)).toMatchObject({ checkout: { state: 'released' } });
  });

  test('is found by the name of its secret, as long as its password is changed', async () => {
    const { key, id, domain } = await add();
    expect(await accountOfSecret(ctx, credentialName(key))).toEqual(key);
    expect(await accountOfSecret(ctx, `hosts/${domain}/app`)).toBeUndefined();
    await editManagedAccounts(ctx, ofDomains.by, domain, [id], { rotationEnabled: false });
    expect(await accountOfSecret(ctx, credentialName(key))).toBeUndefined();
  });
});
