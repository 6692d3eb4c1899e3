/** Of the Lease, and what stands in managedFields as who wrote labels and annotations. */
export const masterName = 'featureseal-master';
/** Stands in Events as who sent them. */
export const masterController = 'featureseal.io/master';
