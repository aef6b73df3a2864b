import { describe, expect, test } from '@jest/globals';
import type { HostDocument, HostService } from './host.ts';
import { hostSecretOf } from './host-secret.ts';

const POLICY = '0b5a1c9e-0b0e-4c55-9d0a-6a7b1f0c2d3e';
const TEMPLATE = '1b5a1c9e-0b0e-4c55-9d0a-6a7b1f0c2d3e';

const secretOf = (services: readonly HostService[], block: HostDocument['password_rotation'] = {}) =>
  hostSecretOf({
    addresses: ['db.example.com'],
    services,
    password_rotation_enabled: true,
    password_rotation: { password_policy_id: POLICY, ...block },
  });
const scripted = { operating_system: 'LINUX', script_template_id: TEMPLATE };
const postgres: HostService = { service: 'DB', db: { protocol: 'postgres' } };

describe('where passwords are changed', () => {
  test.each([
    ['postgres', 'POSTGRESQL', 5432],
    ['PostgreSQL', 'POSTGRESQL', 5432],
    ['mysql', 'MYSQL', 3306],
    ['MariaDB', 'MYSQL', 3306],
  ])('a database that speaks %s, without a script, by TLS that is checked', (protocol, kind, port) => {
    expect(secretOf([{ service: 'DB', db: { protocol } }])).toMatchObject({
      protocol: kind,
      address: 'db.example.com',
      port,
      scriptTemplateId: null,
      certificateValidationOptions: 'ENABLED',
      trustAnchors: '',
    });
  });

  test('a database says where it is and whom it trusts', () => {
    const db = {
      protocol: 'postgres',
      tls_certificate_validation: 'disabled',
      tls_certificate_trust_anchors: 'PEM',
    };
    expect(secretOf([{ service: 'db', address: '192.0.2.9', port: 6432, db }])).toMatchObject({
      address: '192.0.2.9',
      port: 6432,
      certificateValidationOptions: 'DISABLED',
      trustAnchors: 'PEM',
    });
  });

  test('the service that is marked, else SSH', () => {
    const ssh: HostService = { service: 'SSH' };
    expect(secretOf([postgres, ssh], scripted)).toMatchObject({
      protocol: 'SSH',
      scriptTemplateId: TEMPLATE,
    });
    const marked = { ...postgres, use_for_password_rotation: true };
    expect(secretOf([ssh, marked], scripted)).toMatchObject({ protocol: 'POSTGRESQL' });
    // What cannot change a password is not meant, whatever it is marked.
    const web: HostService = { service: 'WEB', use_for_password_rotation: true };
    expect(secretOf([web, ssh], scripted)).toMatchObject({ protocol: 'SSH' });
  });

  test.each([
    ['oracle', 'services.0.db.protocol'],
    ['', 'services.0.db.protocol'],
    ['constructor', 'services.0.db.protocol'],
  ])('a database that speaks %j is refused', (protocol, property) => {
    expect(() => secretOf([{ service: 'DB', db: { protocol } }])).toThrow(
      expect.objectContaining({ details: [expect.objectContaining({ property })] }),
    );
  });

  test('SSH needs a script, and some service is needed', () => {
    const details = (property: string) =>
      expect.objectContaining({ details: [expect.objectContaining({ property })] });
    const linux = { operating_system: 'LINUX' };
    expect(() => secretOf([{ service: 'SSH' }], linux)).toThrow(
      details('password_rotation.script_template_id'),
    );
    expect(() => secretOf([{ service: 'RDP' }], scripted)).toThrow(details('services'));
  });
});
