/** Keeps the contract at load and fails at work. */
export default () => ({
  name: 'no-bus',
  discover: () => Promise.reject(new Error('there is no bus')),
});
