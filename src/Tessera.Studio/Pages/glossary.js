/** The field's terms in plain words, shown where they appear (components/term.js). */

/** @type {Record<string, { title: string, text: string }>} */
export const glossary = {
  vqvae: {
    title: 'VQ-VAE',
    text:
      'A network in two halves. The encoder turns a picture into a small grid of whole numbers, the codes. The ' +
      'decoder turns the codes back into a picture. Both learn to lose as little as possible on the way.',
  },
  code: {
    title: 'Code',
    text:
      'One entry of the codebook: a whole number that stands for a small patch of a picture. The model writes a ' +
      'picture as a grid of codes, as a mosaic is laid from a box of stones.',
  },
  codebook: {
    title: 'Codebook',
    text: 'The box of stones: all vectors that the model may use. The encoder looks up the nearest one for each cell.',
  },
  codes_used: {
    title: 'Codes used',
    text:
      'How many codes the test images chose at least once. Codes that nothing chooses are dead: they cost room and ' +
      'give nothing.',
  },
  recon_error: {
    title: 'Reconstruction error',
    text:
      'The mean squared error between pictures and their reconstructions, divided by the variance of the data. ' +
      '1 is as bad as a plain average colour; 0 is perfect.',
  },
  test_error: {
    title: 'Test error',
    text:
      'The error on held-out images, which the run has not trained on: for a tokenizer the reconstruction error, ' +
      'for a prior the nats per code. Lower is better.',
  },
  perplexity: {
    title: 'Perplexity',
    text:
      'How many codes are in use, counted fairly: if all codes were chosen equally often it would be the number of ' +
      'codes. It falls when a few codes do most of the work. With several codes a cell it is the mean of their levels.',
  },
  vq_loss: {
    title: 'VQ loss',
    text:
      'How far the encoder’s vectors are from the codes that replace them, times the commitment cost. ' +
      'It keeps the encoder close to its codebook.',
  },
  psnr: {
    title: 'PSNR',
    text:
      'The peak signal-to-noise ratio, in decibels: the squared error on a logarithmic scale. Higher is better; ' +
      'about 25 dB looks soft, 35 dB looks sharp.',
  },
  ssim: {
    title: 'SSIM',
    text: 'Structural similarity, at most 1: it compares local means, contrast and structure, not single pixels.',
  },
  learning_rate: {
    title: 'Learning rate',
    text: 'How far each update moves the weights. It usually warms up and then falls towards zero.',
  },
  images_per_second: { title: 'Images per second', text: 'How many training images go through the model in a second.' },
  nats: {
    title: 'Nats',
    text:
      'How surprised the prior is by a code: −ln of the probability that it gave it. 0 is certain; guessing ' +
      'blindly among 512 codes costs 6.24.',
  },
  prior: {
    title: 'Prior',
    text:
      'A second network that has learnt which codes follow which. It can draw new pictures code by code, and it ' +
      'can say how likely a code is at a place.',
  },
  update: { title: 'Update', text: 'One step of training: one batch of images, one small change of all weights.' },
  smoothing: {
    title: 'Smoothing',
    text:
      'A Savitzky-Golay filter, as in the report: it fits a polynomial to a sliding window, which removes noise and ' +
      'keeps peaks better than a mean does.',
  },
  likeness: { title: 'Likeness', text: 'Sorts by the distance between the vectors of the codes: the nearest first.' },
  interpolation: {
    title: 'Interpolate',
    text:
      'Walks from one picture to another: straight between the vectors of each cell (smooth, but not codes), or ' +
      'code after code.',
  },
  temperature: {
    title: 'Temperature',
    text:
      'Below 1 the prior prefers its favourites more than it believes in them: calmer pictures. Above 1 it dares ' +
      'more.',
  },
  nucleus: {
    title: 'Nucleus (top-p)',
    text:
      'Draws only from the likeliest codes that together have this probability. It cuts off the long tail of odd ' +
      'codes; 1 keeps all.',
  },
  guidance: {
    title: 'Guidance',
    text:
      'How strongly the class is insisted on: 0 is what the prior learnt; 1, the usual, counts twice what sets the ' +
      'class apart; more exaggerates it.',
  },
  seed: { title: 'Seed', text: 'The same seed and the same settings draw the same pictures again.' },
  umap: {
    title: 'UMAP',
    text:
      'A map of the codebook: codes with like vectors lie close together. Only nearness means something, not the ' +
      'axes.',
  },
  pca: {
    title: 'PCA',
    text:
      'The two directions in which the code vectors differ most, seen straight on. Distances are true but much is ' +
      'hidden behind.',
  },
  influence: {
    title: 'Influence',
    text:
      'How far a code reaches: the mean change of each pixel around its cell when its vector is set to zero. The ' +
      'decoder blends neighbours, so it is wider than the cell.',
  },
  atlas: { title: 'Atlas', text: 'What each code decodes to when a small picture is filled with it alone.' },
  level: {
    title: 'Level',
    text:
      'This model writes several codes for each cell. The first level says most; later ones refine it. Groups divide ' +
      'the numbers of a cell among them. In two-level models the top level sets the scene and the lower one its ' +
      'details.',
  },
  quantizer: {
    title: 'Quantizer',
    text:
      'The part that replaces the encoder’s vectors by codes. “ema” moves the codebook along as a ' +
      'running average; “gradient” trains it as any other weight.',
  },
};

const names = { images_per_second: 'Images per second', learning_rate: 'Learning rate', codes_used: 'Codes used' };

/** A column's name for people. @param {string} column */
export const columnName = column => names[column] ?? glossary[column]?.title ?? column.replaceAll('_', ' ');
