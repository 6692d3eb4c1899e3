import { type GeneralName, looksLikeAddress, parseMailbox, uriHost } from './general-name.ts';
import type { NameConstraints, Subtree } from './name-constraints.ts';

/**
 * Whether `names` stay within the constraints. Where RFC 5280 and common verifiers read a constraint differently,
 * the narrower reading permits and the wider one excludes. A name that cannot be compared is outside.
 */
export function isWithin(
  names: readonly GeneralName[],
  { permitted, excluded, hasOtherForms }: NameConstraints,
): boolean {
  if (hasOtherForms) return false;
  return names.every((name) => {
    const comparable = comparableName(name);
    if (comparable === undefined) return false;
    const sameForm = permitted.filter(({ form }) => form === name.form);
    if (sameForm.length > 0 && !sameForm.some((subtree) => permits(subtree, comparable))) return false;
    return !excluded.some((subtree) => subtree.form === name.form && excludes(subtree, comparable));
  });
}

/** A name in the form that it is compared in: lower case, and only the host of a URI. */
function comparableName(name: GeneralName): GeneralName | undefined {
  switch (name.form) {
    case 'ip': {
      // An IPv4-mapped address is two addresses to two readers.
      const isMapped =
        name.octets.length === 16 &&
        name.octets.every((octet, i) => (i < 10 ? octet === 0 : i > 11 || octet === 0xff));
      return isMapped ? undefined : name;
    }
    case 'uri': {
      const host = uriHost(name.text)?.toLowerCase();
      return host === undefined || host === '' || looksLikeAddress(host)
        ? undefined
        : { form: 'uri', text: host };
    }
    case 'email': {
      const text = parseMailbox(name.text);
      return text === undefined ? undefined : { form: 'email', text };
    }
    case 'dns': {
      const text = name.text.toLowerCase();
      return (text.startsWith('*.') ? text.slice(2) : text).includes('*') ? undefined : { form: 'dns', text };
    }
  }
}

const isBelow = (domain: string, above: string): boolean => domain.endsWith(`.${above}`);

function isInNetwork(octets: Uint8Array, address: Uint8Array, mask: Uint8Array): boolean {
  return (
    octets.length === address.length &&
    octets.every((octet, i) => ((octet ^ (address[i] ?? 0)) & (mask[i] ?? 0)) === 0)
  );
}

function permits(subtree: Subtree, name: GeneralName): boolean {
  if (subtree.form === 'ip' || name.form === 'ip') {
    return (
      subtree.form === 'ip' && name.form === 'ip' && isInNetwork(name.octets, subtree.address, subtree.mask)
    );
  }
  const { text: constraint } = subtree;
  if (constraint === '') return true;
  if (name.form === 'dns') return name.text === constraint || isBelow(name.text, constraint);
  // uri and email: a host means that host alone, `.host` everything below it, a mailbox itself.
  const host = name.text.slice(name.text.lastIndexOf('@') + 1);
  if (constraint.includes('@')) return name.text === constraint;
  return constraint.startsWith('.') ? host.endsWith(constraint) : host === constraint;
}

function excludes(subtree: Subtree, name: GeneralName): boolean {
  if (subtree.form === 'ip' || name.form === 'ip' || permits(subtree, name)) return permits(subtree, name);
  const { text: constraint } = subtree;
  if (constraint.includes('@')) return false;
  const host = name.text.slice(name.text.lastIndexOf('@') + 1);
  const domain = constraint.startsWith('.') ? constraint.slice(1) : constraint;
  if (isBelow(host, domain)) return true;
  // A wildcard covers names below it, so it is excluded together with any of them (CVE-2025-61727).
  return host.startsWith('*.') && (host.slice(2) === domain || isBelow(domain, host.slice(2)));
}
