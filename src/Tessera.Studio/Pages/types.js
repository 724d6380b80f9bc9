/**
 * The shapes of the API's answers that several modules share. Types only: no page loads this file.
 *
 * @typedef {object} Run
 * @property {string} id
 * @property {string} name
 * @property {string} folder
 * @property {string} path
 * @property {'tokenizer' | 'prior' | 'classifier' | 'unknown'} kind
 * @property {'running' | 'finished' | 'stopped' | 'damaged'} state
 * @property {string | null} message
 * @property {string | null} data
 * @property {string | null} size
 * @property {string | null} quantizer
 * @property {number | null} codes
 * @property {number | null} update
 * @property {number | null} updates
 * @property {number | null} fraction
 * @property {number | null} imagesPerSecond
 * @property {number | null} secondsSpent
 * @property {number | null} secondsLeft
 * @property {{ update: number, values: Record<string, number> } | null} evaluation
 * @property {number | null} testError
 * @property {string | null} testErrorName
 * @property {number | null} codesUsed
 * @property {string | null} modelVersion
 * @property {string | null} thumbnail
 * @property {string | null} parent
 * @property {string | null} prior
 * @property {boolean} isBuiltIn
 * @property {boolean} canStop
 * @property {boolean} canResume
 * @property {boolean} canLengthen
 * @property {string | null} changed
 *
 * @typedef {{ id: string, name: string, canStart: boolean }} Folder
 *
 * @typedef {object} Model
 * @property {string} id
 * @property {string} modelVersion
 * @property {string} weights Their hash.
 * @property {number} height
 * @property {number} width
 * @property {number} pixelsPerCode
 * @property {number} rows
 * @property {number} columns
 * @property {string} quantizer
 * @property {number} codes
 * @property {number} codeDim
 * @property {number} perCell
 * @property {number} codebooks
 * @property {number[]} codebookOf
 * @property {string[]} codebookNames
 * @property {boolean} hasTop
 * @property {Prior | null} prior
 * @property {string | null} priorMessage
 *
 * @typedef {{ id: string, classes: string[], rows: number, columns: number, nats: number, uniformNats: number }} Prior
 *
 * @typedef {object} Atlas
 * @property {string} modelVersion
 * @property {number} tile
 * @property {number} own
 * @property {number} tilesPerRow
 * @property {number} rows
 * @property {string} url
 * @property {number[]} numbers
 * @property {string[]} colors
 *
 * @typedef {object} Encoded
 * @property {string} modelVersion
 * @property {string} name
 * @property {string | null} label
 * @property {number} rows
 * @property {number} columns
 * @property {number[]} codes
 * @property {string | null} original
 * @property {string} reconstruction
 * @property {number | null} psnr
 * @property {boolean} scaled
 *
 * @typedef {{ rows: number, columns: number, codes: number[] }} Tokens
 *
 * @typedef {object} Series
 * @property {number} first
 * @property {number} last
 * @property {number} from
 * @property {number} to
 * @property {number} perBucket
 * @property {number[]} updates
 * @property {Record<string, { min: number[], max: number[], mean: number[], smooth: number[] | null }>} columns
 *
 * @typedef {object} Form
 * @property {Run['kind']} kind
 * @property {Run['kind'][]} kinds
 * @property {{ name: string, summary: string }[]} presets
 * @property {{ id: string, name: string }[]} folders
 * @property {{ value: string, label: string }[]} runs
 * @property {string[]} groups
 * @property {import('./components/setting.js').Setting[]} settings
 *
 * @typedef {object} Context What a view gets.
 * @property {string[]} path
 * @property {URLSearchParams} query
 * @property {AbortSignal} signal Aborted when the view is left.
 */
export {};
