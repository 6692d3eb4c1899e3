export default { name: 'object', discover: async () => undefined };
