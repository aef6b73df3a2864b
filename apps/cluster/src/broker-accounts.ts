import { createHash } from 'node:crypto';

export const ACCOUNT = 'strongroom';

const sha256 = (...parts: (string | Buffer)[]): Buffer =>
  parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest();

/**
 * What RabbitMQ imports at each start (https://www.rabbitmq.com/docs/definitions): one account, known by the salted
 * hash of its password. The salt comes from the password, so that the text stays the same; passwords here are
 * random, and no two are alike.
 */
export function rabbitmqDefinitions(password: string): string {
  const salt = sha256('strongroom rabbitmq salt', password).subarray(0, 4);
  const hash = Buffer.concat([salt, sha256(salt, password)]).toString('base64');
  return JSON.stringify({
    vhosts: [{ name: '/' }],
    users: [
      {
        name: ACCOUNT,
        password_hash: hash,
        hashing_algorithm: 'rabbit_password_hashing_sha256',
        tags: [],
      },
    ],
    permissions: [{ user: ACCOUNT, vhost: '/', configure: '.*', write: '.*', read: '.*' }],
  });
}

/** Redis' list of users (https://redis.io/docs/latest/operate/oss_and_stack/management/security/acl). */
export const redisUsers = (password: string): string =>
  [
    `user default on #${sha256(password).toString('hex')} ~strongroom:* &* +@all -@admin -@dangerous +info`,
    // For the health check, which knows no password.
    'user health on nopass resetkeys resetchannels -@all +ping',
    '',
  ].join('\n');
