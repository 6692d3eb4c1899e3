// Kubernetes, "Labels and Selectors", syntax and character set: prefix a DNS-1123 subdomain, name and value short words.
const subdomain = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const word = /^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/;
const longestPrefix = 253;
const longestWord = 63;

/** Why Kubernetes would refuse a label; undefined for a legal one. A node's patch fails whole for one illegal label. */
export function labelSyntaxFault(key: string, value: string): string | undefined {
  return labelKeySyntaxFault(key) ?? valueFault(value);
}

/** The same for a key alone. It must have a prefix: whoever labels nodes speaks in somebody's name. */
export function labelKeySyntaxFault(key: string): string | undefined {
  const slash = key.indexOf('/');
  if (slash < 0) return 'the key has no prefix';
  const [prefix, name] = [key.slice(0, slash), key.slice(slash + 1)];
  if (prefix.length > longestPrefix || !subdomain.test(prefix)) {
    return 'the prefix of the key is not a DNS-1123 subdomain';
  }
  if (name.length > longestWord) return 'the name of the key is longer than 63 characters';
  if (!word.test(name)) return 'the name of the key has characters that are not allowed';
  return undefined;
}

function valueFault(value: string): string | undefined {
  if (value.length > longestWord) return 'the value is longer than 63 characters';
  if (value !== '' && !word.test(value)) return 'the value has characters that are not allowed';
  return undefined;
}
