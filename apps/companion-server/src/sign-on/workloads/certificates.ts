import 'reflect-metadata'
import { X509Certificate } from 'node:crypto'
import { X509Certificate as Certificate, SubjectAlternativeNameExtension } from '@peculiar/x509'
import { accept, type Outcome, refuse } from '../../refusal.ts'
import type { Workload } from './issuers.ts'
import type { CertificateSettings } from './settings.ts'

const clientAuth = '1.3.6.1.5.5.7.3.2'
const kinds: Readonly<Record<string, string>> = { url: 'URI', dns: 'DNS', email: 'email' }

/** A certificate whose key the client has shown in TLS. Refuses WORKLOAD-CERTIFICATE. */
export function proveCertificate(
  { ca: pem, subject }: CertificateSettings,
  shown: X509Certificate | null,
  now: Date,
): Outcome<Workload> {
  const wrong = (what: string) => refuse('WORKLOAD-CERTIFICATE', what)
  if (shown === null) return wrong('the connection has none')
  const ca = new X509Certificate(pem)
  if (shown.ca || !shown.checkIssued(ca) || !shown.verify(ca.publicKey))
    return wrong('the rule’s CA did not sign it')
  for (const one of [ca, shown])
    if (now < new Date(one.validFrom) || now > new Date(one.validTo))
      return wrong('it, or the CA’s, is over or not yet valid')
  // Node calls extended usages so. Without any it is for every use.
  const usages: readonly string[] | undefined = shown.keyUsage
  if (usages !== undefined && !usages.includes(clientAuth)) return wrong('it is not for clients')
  const names = new Certificate(shown.raw).getExtension(SubjectAlternativeNameExtension)?.names.items ?? []
  if (!names.some(({ type, value }) => `${kinds[type]}:${value}` === subject))
    return refuse('WORKLOAD-SUBJECT', 'none of its alternative names is the rule’s')
  const until = new Date(shown.validTo)
  return accept({ issuer: oneLine(ca.subject), subject, until, jti: null })
}

const oneLine = (name: string): string =>
  name
    .replaceAll('\n', ', ')
    .replaceAll(/[^ -~]/g, '?')
    .slice(0, 512)
