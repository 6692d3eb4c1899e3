import type { Register } from './cpuid.ts';

/** What must hold besides the bit itself. */
export type Condition = 'avx state' | 'avx-512 state' | 'AMD' | { readonly flag: string };

/** Names of bits in one register of one leaf: `bit:NAME`, separated by spaces. */
export interface BitRow {
  readonly leaf: number;
  readonly subleaf?: number;
  readonly register: Register;
  readonly names: string;
  readonly when?: Condition;
}

/**
 * Names of feature bits, as NFD's labels have them. Bits: Intel SDM volume 2A, CPUID; AMD64 Architecture Programmer's
 * Manual volume 3, appendix E. Rows are read in this order: a row may ask for a flag of an earlier one.
 */
export const bitRows: readonly BitRow[] = [
  {
    leaf: 0x1,
    register: 'edx',
    names: '0:X87 8:CMPXCHG8 11:SYSEE 15:CMOV 23:MMX 24:FXSR 25:FXSROPT 25:SSE 26:SSE2',
  },
  {
    leaf: 0x1,
    register: 'ecx',
    names:
      '0:SSE3 1:CLMUL 5:VMX 9:SSSE3 13:CX16 19:SSE4 20:SSE42 22:MOVBE 23:POPCNT 25:AESNI 26:XSAVE 27:OSXSAVE ' +
      '29:F16C 30:RDRAND 31:HYPERVISOR',
  },
  { leaf: 0x1, register: 'ecx', names: '28:AVX', when: 'avx state' },
  { leaf: 0x1, register: 'ecx', names: '12:FMA3', when: { flag: 'OSXSAVE' } },

  {
    leaf: 0x7,
    register: 'ebx',
    names: '2:SGX 3:BMI1 4:HLE 9:ERMS 11:RTM 14:MPX 18:RDSEED 19:ADX 29:SHA',
  },
  { leaf: 0x7, register: 'ebx', names: '5:AVX2', when: { flag: 'AVX' } },
  { leaf: 0x7, register: 'ebx', names: '8:BMI2', when: { flag: 'BMI1' } },
  {
    leaf: 0x7,
    register: 'ecx',
    names:
      '5:WAITPKG 7:CETSS 8:GFNI 9:VAES 10:VPCLMULQDQ 13:TME 23:KEYLOCKER 25:CLDEMOTE 27:MOVDIRI 28:MOVDIR64B ' +
      '29:ENQCMD 30:SGXLC',
  },
  {
    leaf: 0x7,
    register: 'edx',
    names:
      '4:FSRM 9:SRBDS_CTRL 10:MD_CLEAR 11:RTM_ALWAYS_ABORT 14:SERIALIZE 15:HYBRID_CPU 16:TSXLDTRK 18:PCONFIG ' +
      '20:CETIBT 26:IBPB 27:STIBP 28:FLUSH_L1D 29:IA32_ARCH_CAP 30:IA32_CORE_CAP 31:SPEC_CTRL_SSBD',
  },
  {
    leaf: 0x7,
    subleaf: 1,
    register: 'eax',
    names:
      '1:SM3_X86 2:SM4_X86 7:CMPCCXADD 10:MOVSB_ZL 11:STOSB_SHORT 12:CMPSB_SCADBS_SHORT 17:FRED 22:HRESET ' +
      '23:AVXIFMA 26:LAM',
  },
  { leaf: 0x7, subleaf: 1, register: 'eax', names: '4:AVXVNNI', when: { flag: 'AVX' } },
  {
    leaf: 0x7,
    subleaf: 1,
    register: 'edx',
    names:
      '4:AVXVNNIINT8 5:AVXNECONVERT 6:AMXTRANSPOSE 7:AMXTF32 8:AMXCOMPLEX 10:AVXVNNIINT16 14:PREFETCHI ' +
      '19:AVX10 21:APX_F',
  },
  {
    leaf: 0x7,
    register: 'ebx',
    names: '16:AVX512F 17:AVX512DQ 21:AVX512IFMA 26:AVX512PF 27:AVX512ER 28:AVX512CD 30:AVX512BW 31:AVX512VL',
    when: 'avx-512 state',
  },
  {
    leaf: 0x7,
    register: 'ecx',
    names: '1:AVX512VBMI 3:AMXFP8 6:AVX512VBMI2 11:AVX512VNNI 12:AVX512BITALG 14:AVX512VPOPCNTDQ',
    when: 'avx-512 state',
  },
  {
    leaf: 0x7,
    register: 'edx',
    names: '8:AVX512VP2INTERSECT 22:AMXBF16 23:AVX512FP16 24:AMXTILE 25:AMXINT8',
    when: 'avx-512 state',
  },
  {
    leaf: 0x7,
    subleaf: 1,
    register: 'eax',
    names: '5:AVX512BF16 19:WRMSRNS 21:AMXFP16 27:MSRLIST',
    when: 'avx-512 state',
  },
  {
    leaf: 0x7,
    subleaf: 2,
    register: 'edx',
    names: '0:PSFD 1:IDPRED_CTRL 2:RRSBA_CTRL 4:BHI_CTRL 5:MCDT_NO',
  },
  { leaf: 0x12, register: 'eax', names: '12:SGXPQC', when: { flag: 'SGX' } },
  { leaf: 0x24, register: 'ebx', names: '16:AVX10_128 17:AVX10_256 18:AVX10_512', when: { flag: 'AVX10' } },
  {
    leaf: 0xd,
    subleaf: 1,
    register: 'eax',
    names: '0:XSAVEOPT 1:XSAVEC 2:XGETBV1 3:XSAVES',
    when: { flag: 'XSAVE' },
  },

  {
    leaf: 0x80000001,
    register: 'ecx',
    names: '0:LAHF 2:SVM 5:LZCNT 5:POPCNT 6:SSE4A 10:IBS 22:TOPEXT',
  },
  {
    leaf: 0x80000001,
    register: 'edx',
    names: '11:SYSCALL 20:NX 22:MMXEXT 23:MMX 24:FXSR 25:FXSROPT 27:RDTSCP 30:AMD3DNOWEXT 31:AMD3DNOW',
  },
  { leaf: 0x80000001, register: 'ecx', names: '11:XOP 16:FMA4', when: { flag: 'AVX' } },
  { leaf: 0x80000007, register: 'ebx', names: '0:MCAOVERFLOW 1:SUCCOR 2:HWA' },
  { leaf: 0x80000007, register: 'edx', names: '9:CPBOOST' },
  {
    leaf: 0x80000008,
    register: 'ebx',
    names:
      '0:CLZERO 1:MSRIRC 3:INVLPGB 4:RDPRU 8:MCOMMIT 9:WBNOINVD 12:IBPB 13:INT_WBINVD 14:IBRS 15:STIBP ' +
      '17:STIBP_ALWAYSON 18:IBRS_PREFERRED 19:IBRS_PROVIDES_SMP 20:EFER_LMSLE_UNS 21:TLB_FLUSH_NESTED 23:PPIN ' +
      '24:SPEC_CTRL_SSBD 27:CPPC 28:PSFD',
  },
  {
    leaf: 0x8000000a,
    register: 'edx',
    names: '0:SVMNP 1:LBRVIRT 2:SVML 3:NRIPS 4:TSCRATEMSR 5:VMCBCLEAN 6:SVMFBASID 7:SVMDA 10:SVMPF 12:SVMPFT',
    when: { flag: 'SVM' },
  },
  { leaf: 0x8000001a, register: 'eax', names: '0:FP128 1:MOVU 2:FP256' },
  {
    leaf: 0x8000001b,
    register: 'eax',
    names:
      '0:IBSFFV 1:IBSFETCHSAM 2:IBSOPSAM 3:IBSRDWROPCNT 4:IBSOPCNT 5:IBSBRNTRGT 6:IBSOPCNTEXT ' +
      '7:IBSRIPINVALIDCHK 8:IBS_OPFUSE 9:IBS_FETCH_CTLX 10:IBS_OPDATA4 11:IBS_ZEN4',
    when: { flag: 'IBS' },
  },
  {
    leaf: 0x8000001f,
    register: 'eax',
    names:
      '0:SME 1:SEV 2:MSR_PAGEFLUSH 3:SEV_ES 4:SEV_SNP 5:VMPL 10:SME_COHERENT 11:SEV_64BIT 12:SEV_RESTRICTED ' +
      '13:SEV_ALTERNATIVE 14:SEV_DEBUGSWAP 15:IBS_PREVENTHOST 16:VTE 24:VMSA_REGPROT',
    when: 'AMD',
  },
  {
    leaf: 0x80000021,
    register: 'eax',
    names:
      '5:TSA_VERW_CLEAR 23:AVX512BMM 27:SBPB 28:IBPB_BRTYPE 29:SRSO_NO 30:SRSO_USER_KERNEL_NO 31:SRSO_MSR_FIX',
    when: 'AMD',
  },
  { leaf: 0x80000021, register: 'ecx', names: '1:TSA_L1_NO 2:TSA_SQ_NO', when: 'AMD' },
];
