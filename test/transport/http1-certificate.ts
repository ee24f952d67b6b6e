import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

/** A certificate and its key as PEM, and what signing others takes. */
export interface Certified {
  readonly key: string;
  readonly cert: string;
  readonly name: string;
  readonly signer: KeyObject;
}

const OIDS = { ecdsaWithSha256: '2a8648ce3d040302', commonName: '550403', altName: '551d11', constraints: '551d13' };
const DAY_MS = 24 * 60 * 60 * 1000;

/** A certificate for a host and for 127.0.0.1, signed by an authority or by itself. Made by hand, for Node reads certificates and makes none. */
export function certificate(name: string, by?: Certified, host = 'localhost'): Certified {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const signer = by?.signer ?? privateKey;
  const algorithm = sequence(oid(OIDS.ecdsaWithSha256));
  const body = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    algorithm,
    nameOf(by?.name ?? name),
    sequence(time(Date.now() - DAY_MS), time(Date.now() + DAY_MS)),
    nameOf(name),
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(altNames(host), constraints(by === undefined))),
  );
  const signature = der(0x03, Buffer.concat([Buffer.from([0]), sign('sha256', body, signer)]));
  const text = sequence(body, algorithm, signature).toString('base64').replaceAll(/.{64}/g, '$&\n');
  return {
    name,
    signer: privateKey,
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    cert: `-----BEGIN CERTIFICATE-----\n${text}\n-----END CERTIFICATE-----\n`,
  };
}

function altNames(host: string): Buffer {
  const names = sequence(der(0x82, Buffer.from(host)), der(0x87, Buffer.from([127, 0, 0, 1])));
  return sequence(oid(OIDS.altName), der(0x04, names));
}

function constraints(authority: boolean): Buffer {
  const inside = authority ? sequence(der(0x01, Buffer.from([0xff]))) : sequence();
  return sequence(oid(OIDS.constraints), der(0x01, Buffer.from([0xff])), der(0x04, inside));
}

function nameOf(text: string): Buffer {
  return sequence(der(0x31, sequence(oid(OIDS.commonName), der(0x0c, Buffer.from(text)))));
}

function time(at: number): Buffer {
  const digits = new Date(at).toISOString().replaceAll(/\D/g, '');
  return der(0x17, Buffer.from(`${digits.slice(2, 14)}Z`));
}

function oid(hex: string): Buffer {
  return der(0x06, Buffer.from(hex, 'hex'));
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return der(0x30, Buffer.concat(parts));
}

// A tag, a length and a content (X.690); lengths from 128 on are written behind how many bytes they take.
function der(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}
